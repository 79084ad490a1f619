"""A partner system and an officer, written against the contract alone.

Reads one JSON object from standard input: address, partners with their secrets,
the officer's sign-in name and password. Prints a line for each thing proven and
ends with an error at the first that does not hold.
"""

import base64
import json
import sys
import uuid

import grpc
import health_pb2
import health_pb2_grpc
import reflection_pb2
import reflection_pb2_grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from motcua.account.v1 import account_pb2, account_pb2_grpc
from motcua.dossier.v1 import dossier_pb2
from motcua.dossier.v1 import dossier_query_service_pb2 as query_pb2
from motcua.dossier.v1 import dossier_query_service_pb2_grpc as query_pb2_grpc
from motcua.dossier.v1 import dossier_service_pb2 as acts_pb2
from motcua.dossier.v1 import dossier_service_pb2_grpc as acts_pb2_grpc
from motcua.gateway.v1 import partner_pb2, partner_pb2_grpc
from motcua.workflow.v1 import catalogue_pb2, catalogue_pb2_grpc

TIMEOUT = 20
MAI_PHU = "units/18583"
Code = grpc.StatusCode


class Line:
    """A channel, under a token or under none."""

    def __init__(self, channel, token=None):
        self.channel = channel
        self.metadata = [("authorization", f"Bearer {token}")] if token else []

    def call(self, method, request):
        return method(request, timeout=TIMEOUT, metadata=self.metadata)

    def partner(self):
        return partner_pb2_grpc.PartnerServiceStub(self.channel)

    def query(self):
        return query_pb2_grpc.DossierQueryServiceStub(self.channel)

    def acts(self):
        return acts_pb2_grpc.DossierServiceStub(self.channel)


class Refusal:
    """A refusal with its rich details."""

    def __init__(self, error):
        self.code = error.code()
        self.reason = self.metadata = self.message = self.locale = None
        self.fields = {}
        self.retry = None
        status = rpc_status.from_call(error)
        for detail in status.details if status else []:
            info = error_details_pb2.ErrorInfo()
            wrong = error_details_pb2.BadRequest()
            told = error_details_pb2.LocalizedMessage()
            again = error_details_pb2.RetryInfo()
            if detail.Unpack(info):
                assert info.domain == "motcua", info
                self.reason, self.metadata = info.reason, dict(info.metadata)
            elif detail.Unpack(wrong):
                self.fields = {v.field: v.description for v in wrong.field_violations}
            elif detail.Unpack(told):
                self.locale, self.message = told.locale, told.message
            elif detail.Unpack(again):
                self.retry = again.retry_delay.seconds

    def __repr__(self):
        return f"{self.code} {self.reason} {self.fields} {self.message} retry {self.retry}"


def refused(line, method, request, code, reason):
    try:
        answer = line.call(method, request)
    except grpc.RpcError as error:
        refusal = Refusal(error)
        assert (refusal.code, refusal.reason) == (code, reason), refusal
        assert refusal.locale == "vi" and refusal.message, refusal
        return refusal
    raise AssertionError(f"{code} was expected, and the answer is {answer}")


def proven(what):
    print(what, flush=True)


def sign_in(channel, given):
    auth = account_pb2_grpc.AuthServiceStub(channel)

    def partner(client, secret):
        request = account_pb2.PartnerTokenRequest(client_id=client, client_secret=secret)
        return Line(channel, auth.PartnerToken(request, timeout=TIMEOUT).access)

    lines = {name: partner(name, secret) for name, secret in given["partners"].items()}
    refused(
        Line(channel),
        auth.PartnerToken,
        account_pb2.PartnerTokenRequest(client_id="portal", client_secret="wrong"),
        Code.UNAUTHENTICATED,
        "WRONG_CREDENTIALS",
    )
    proven("a partner gets a token for its secret and none for another")
    request = account_pb2.SignInRequest(login=given["login"], password=given["password"])
    signed = auth.SignIn(request, timeout=TIMEOUT)
    assert signed.officer.unit.startswith(MAI_PHU), signed.officer
    return lines, Line(channel, signed.tokens.access)


def a_case(officer):
    """A commune's procedure with a published limit in working days."""
    catalogue = catalogue_pb2_grpc.CatalogueServiceStub(officer.channel)
    cases = officer.call(catalogue.ListCases, catalogue_pb2.ListCasesRequest(page_size=500)).cases
    fitting = (c for c in cases if c.level == "commune" and c.parts and c.limit.endswith("wd"))
    return next(fitting).name


def filing(case):
    return partner_pb2.FileDossierRequest(
        request_id=str(uuid.uuid4()),
        partner_id="DVC-2026-000001",
        partner_revision=1,
        receiver=MAI_PHU,
        case=case,
        applicant=dossier_pb2.Applicant(
            full_name="Trần Thị Thử",
            id_number="003190000123",
            birth_date="1990-05-06",
            phone="0912345678",
            address="Thôn Mai Lâm, xã Mai Phụ",
        ),
        parts=[dossier_pb2.Part(number=1, originals=1)],
    )


def file(portal, request):
    method = portal.partner().FileDossier
    filed = portal.call(method, request)
    assert filed.state == dossier_pb2.STATE_AWAITING_RECEPTION, filed
    assert filed.name.startswith("dossiers/"), filed
    proven("a dossier is filed and awaits reception")

    assert portal.call(method, request).name == filed.name
    proven("the same request gives the same dossier")

    other = partner_pb2.FileDossierRequest()
    other.CopyFrom(request)
    other.applicant.full_name = "Trần Thị Khác"
    refused(portal, method, other, Code.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED")
    proven("the same key with another body is refused")

    other.CopyFrom(request)
    other.request_id = str(uuid.uuid4())
    refusal = refused(portal, method, other, Code.ALREADY_EXISTS, "ALREADY_EXISTS")
    assert refusal.metadata["resource"] == filed.name, refusal.metadata
    proven("the same partner id and revision under another key exist already")
    return filed.name


def read_back(lines, name):
    portal = lines["portal"]
    asked = partner_pb2.GetFiledDossierRequest(name=name)
    mine = portal.call(portal.partner().GetFiledDossier, asked)
    assert (mine.name, mine.partner_id, mine.code) == (name, "DVC-2026-000001", ""), mine
    assert mine.state == dossier_pb2.STATE_AWAITING_RECEPTION and mine.state_label, mine
    assert not mine.HasField("due"), mine
    proven("the partner reads its dossier back")

    stranger = lines["mirror"]
    method = stranger.partner().GetFiledDossier
    refused(stranger, method, asked, Code.NOT_FOUND, "NOT_FOUND")
    nowhere = partner_pb2.GetFiledDossierRequest(name=f"dossiers/{uuid.uuid4()}")
    refused(stranger, method, nowhere, Code.NOT_FOUND, "NOT_FOUND")
    proven("another partner's dossier is not found")


def bad_fields(portal, good):
    method = portal.partner().FileDossier

    def wrong(expected, **fields):
        request = partner_pb2.FileDossierRequest()
        request.CopyFrom(good)
        request.request_id = str(uuid.uuid4())
        request.partner_id = "DVC-2026-000002"
        for field, value in fields.items():
            target, _, leaf = field.rpartition("__")
            setattr(getattr(request, target) if target else request, leaf, value)
        refusal = refused(portal, method, request, Code.INVALID_ARGUMENT, "INVALID_FIELD")
        assert set(refusal.fields) == expected, refusal
        assert all(refusal.fields.values()), refusal

    wrong(
        {"request_id", "partner_id", "partner_revision"},
        request_id="no uuid",
        partner_id="x" * 101,
        partner_revision=0,
    )
    wrong(
        {"receiver", "applicant.full_name", "applicant.id_number", "applicant.birth_date"},
        receiver="18583",
        applicant__full_name="",
        applicant__id_number="12",
        applicant__birth_date="2050-01-01",
    )
    wrong({"case"}, case="cases/khong-co")
    proven("wrong fields are named all at once, in Vietnamese")


def scopes_and_tokens(channel, lines, request):
    mirror = lines["mirror"]
    refused(mirror, mirror.partner().FileDossier, request, Code.PERMISSION_DENIED, "DENIED")
    look = partner_pb2.LookUpRequest(code="X", second_factor="1234")
    refused(mirror, mirror.partner().LookUp, look, Code.PERMISSION_DENIED, "DENIED")
    proven("without the scope it is denied")

    header, body, signature = lines["portal"].metadata[0][1].removeprefix("Bearer ").split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["sub"] = "mirror"

    def encoded(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    unsigned = encoded({"alg": "none", "typ": "at+jwt"})
    swapped = ("A" if signature[0] != "A" else "B") + signature[1:]
    forged = [
        f"{header}.{body}.{swapped}",
        f"{header}.{encoded(claims)}.{signature}",
        f"{unsigned}.{body}.",
        "nonsense",
        None,
    ]
    for token in forged:
        line = Line(channel, token)
        method = line.partner().FileDossier
        refused(line, method, request, Code.UNAUTHENTICATED, "UNAUTHENTICATED")
    proven("a forged, an unsigned and a missing token are refused")


def accept(officer, name):
    asked = query_pb2.ListDossiersRequest(
        unit=MAI_PHU, states=[dossier_pb2.STATE_AWAITING_RECEPTION]
    )
    listed = officer.call(officer.query().ListDossiers, asked).dossiers
    assert name in [dossier.name for dossier in listed], listed
    proven("the reception officer sees it in the list")

    seen = officer.call(officer.query().GetDossier, query_pb2.GetDossierRequest(name=name)).dossier
    assert seen.channel == dossier_pb2.CHANNEL_ONLINE, seen
    assert "Accept" in [action.method for action in seen.actions], seen.actions
    request = acts_pb2.AcceptRequest(request_id=str(uuid.uuid4()), name=name, etag=seen.etag)
    accepted = officer.call(officer.acts().Accept, request).dossier
    assert accepted.code and accepted.HasField("due"), accepted
    assert accepted.due.seconds > accepted.accepted.seconds, accepted
    again = officer.call(officer.acts().Accept, request).dossier
    assert (again.code, again.etag) == (accepted.code, accepted.etag), again
    proven("the officer accepts it: code and due date, once")

    late = acts_pb2.AcceptRequest(request_id=str(uuid.uuid4()), name=name, etag=seen.etag)
    refusal = refused(officer, officer.acts().Accept, late, Code.ABORTED, "STALE_ETAG")
    assert refusal.metadata["etag"] == accepted.etag, refusal.metadata
    proven("a stale etag is refused with the current one")
    return accepted


def follow(portal, accepted):
    asked = partner_pb2.GetFiledDossierRequest(name=accepted.name)
    mine = portal.call(portal.partner().GetFiledDossier, asked)
    told = (mine.code, mine.state, mine.due)
    assert told == (accepted.code, accepted.state, accepted.due), mine
    proven("the partner reads code, state and due date")

    method = portal.partner().LookUp
    for factor in ("0123", "5678"):
        asked = partner_pb2.LookUpRequest(code=accepted.code, second_factor=factor)
        found = portal.call(method, asked)
        told = (found.code, found.state, found.due)
        assert told == (accepted.code, accepted.state, accepted.due), found
    proven("anyone with the code and four digits of ID number or telephone looks it up")

    wrong = partner_pb2.LookUpRequest(code=accepted.code, second_factor="9999")
    nowhere = partner_pb2.LookUpRequest(code="H27.TAM.18583-260101-9999", second_factor="9999")
    refusals = [
        refused(portal, method, asked, Code.NOT_FOUND, "NOT_FOUND") for asked in (wrong, nowhere)
    ]
    assert repr(refusals[0]) == repr(refusals[1]), refusals
    proven("a wrong factor is not found, and looks like an unknown code")

    for _ in range(4):
        refused(portal, method, wrong, Code.NOT_FOUND, "NOT_FOUND")
    right = partner_pb2.LookUpRequest(code=accepted.code, second_factor="0123")
    for asked in (wrong, right):
        refusal = refused(portal, method, asked, Code.RESOURCE_EXHAUSTED, "RATE_LIMITED")
        assert 0 < refusal.retry <= 15 * 60, refusal
    proven("after five wrong tries even the right one waits, as long as told")


def transport(channel, portal, good):
    health = health_pb2_grpc.HealthStub(channel)
    for service in ("", "motcua.gateway.v1.PartnerService"):
        request = health_pb2.HealthCheckRequest(service=service)
        status = health.Check(request, timeout=TIMEOUT).status
        assert status == health_pb2.HealthCheckResponse.SERVING, status
    proven("the server says that it serves")

    reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
    asked = iter([reflection_pb2.ServerReflectionRequest(list_services="*")])
    answers = list(reflection.ServerReflectionInfo(asked, timeout=TIMEOUT))
    names = {s.name for s in answers[0].list_services_response.service}
    wanted = {
        "motcua.gateway.v1.PartnerService",
        "motcua.dossier.v1.DossierService",
        "motcua.account.v1.AuthService",
    }
    assert wanted <= names, names
    proven("reflection lists the services")

    large = partner_pb2.FileDossierRequest()
    large.CopyFrom(good)
    large.request_id = str(uuid.uuid4())
    large.applicant.address = "x" * (1024 * 1024 + 1)
    refused(portal, portal.partner().FileDossier, large, Code.RESOURCE_EXHAUSTED, "TOO_LARGE")
    proven("a message over 1 MiB is refused")


def main():
    given = json.load(sys.stdin)
    with grpc.insecure_channel(given["address"]) as channel:
        lines, officer = sign_in(channel, given)
        portal = lines["portal"]
        request = filing(a_case(officer))
        name = file(portal, request)
        read_back(lines, name)
        bad_fields(portal, request)
        scopes_and_tokens(channel, lines, request)
        accepted = accept(officer, name)
        follow(portal, accepted)
        transport(channel, portal, request)


if __name__ == "__main__":
    main()
