//! The organisation that the program brings: units from data, the sub-units and
//! posts that each kind of unit has. Pure.

mod rows;

use std::collections::BTreeMap;

use domain::actor::Role;
use domain::ids::UnitId;
use uuid::Uuid;

use rows::Row;
pub(crate) use rows::RowError;

const UNITS: &str = include_str!("../data/units.csv");
/// Ids of posts and people derive from their names, so that provisioning again
/// finds what it made.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d6f_7463_7561_2e61_6363_6f75_6e74_0001);
/// Resolution 1665/NQ-UBTVQH15 takes effect.
pub(crate) const VALID_FROM: &str = "2025-07-01";

/// A unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Its id.
    pub(crate) id: UnitId,
    /// What it is.
    pub(crate) kind: String,
    /// Its full name.
    pub(crate) full_name: String,
    /// The unit above.
    pub(crate) parent: Option<UnitId>,
    /// From the province down to it.
    pub(crate) path: Vec<UnitId>,
}

/// A post and the person who fills it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Post {
    /// Its id.
    pub(crate) id: Uuid,
    /// Its unit.
    pub(crate) unit: UnitId,
    /// Its title.
    pub(crate) title: &'static str,
    /// Its roles.
    pub(crate) roles: Vec<Role>,
    /// Whether it stands in for another.
    pub(crate) stand_in: bool,
    /// The person's id.
    pub(crate) person: Uuid,
    /// The person's sign-in name.
    pub(crate) login: String,
}

/// A commune or agency with its sub-units and posts: one unit of work.
#[derive(Clone, Debug)]
pub(crate) struct Agency {
    /// Its id.
    pub(crate) id: UnitId,
    /// Whether it is one of the communes.
    pub(crate) commune: bool,
    /// Itself and its sub-units.
    pub(crate) units: Vec<Unit>,
    /// Their posts.
    pub(crate) posts: Vec<Post>,
}

/// Every agency, the province first.
pub(crate) fn agencies() -> Result<Vec<Agency>, RowError> {
    let rows = rows::rows(UNITS)?;
    let parents: BTreeMap<&str, &str> = rows
        .iter()
        .map(|r| (r.id.as_str(), r.parent.as_str()))
        .collect();
    Ok(rows
        .iter()
        .map(|row| agency(row, path(&parents, &row.id)))
        .collect())
}

fn path(parents: &BTreeMap<&str, &str>, id: &str) -> Vec<UnitId> {
    let mut path = vec![UnitId::from(id)];
    let mut at = id;
    while let Some(parent) = parents.get(at).filter(|p| !p.is_empty()) {
        path.push(UnitId::from(*parent));
        at = parent;
        if path.len() > 8 {
            break;
        }
    }
    path.reverse();
    path
}

fn agency(row: &Row, path: Vec<UnitId>) -> Agency {
    let commune = matches!(row.kind.as_str(), "commune" | "ward");
    let own = Unit {
        id: UnitId(row.id.clone()),
        kind: row.kind.clone(),
        full_name: row.full_name.clone(),
        parent: (!row.parent.is_empty()).then(|| UnitId(row.parent.clone())),
        path,
    };
    let mut units = vec![own.clone()];
    if commune {
        let economy = if row.kind == "ward" {
            "Phòng Kinh tế, Hạ tầng và Đô thị"
        } else {
            "Phòng Kinh tế"
        };
        for (suffix, kind, name) in [
            ("TTPVHCC", "centre", "Trung tâm Phục vụ hành chính công"),
            ("VP", "division", "Văn phòng HĐND và UBND"),
            ("KT", "division", economy),
            ("VHXH", "division", "Phòng Văn hóa - Xã hội"),
        ] {
            let id = UnitId(format!("{}-{suffix}", row.id));
            let mut path = own.path.clone();
            path.push(id.clone());
            let full_name = format!("{name} – {}", row.full_name);
            let parent = Some(own.id.clone());
            units.push(Unit {
                id,
                kind: kind.to_owned(),
                full_name,
                parent,
                path,
            });
        }
    }
    let posts = posts(&row.id, &row.kind);
    Agency {
        id: own.id,
        commune,
        units,
        posts,
    }
}

/// (sub-unit, short name, title, role, stands in)
type Plan = (&'static str, &'static str, &'static str, Role, bool);

const COMMUNE: &[Plan] = &[
    (
        "TTPVHCC",
        "tiepnhan1",
        "Công chức tiếp nhận",
        Role::Reception,
        false,
    ),
    (
        "TTPVHCC",
        "tiepnhan2",
        "Công chức tiếp nhận (thay thế)",
        Role::Reception,
        true,
    ),
    (
        "VP",
        "thuly1",
        "Chuyên viên Văn phòng",
        Role::Processing,
        false,
    ),
    (
        "VP",
        "lanhdao1",
        "Chánh Văn phòng",
        Role::DivisionHead,
        false,
    ),
    (
        "KT",
        "thuly2",
        "Chuyên viên Phòng Kinh tế",
        Role::Processing,
        false,
    ),
    (
        "KT",
        "lanhdao2",
        "Trưởng phòng Kinh tế",
        Role::DivisionHead,
        true,
    ),
    (
        "VHXH",
        "thuly3",
        "Công chức Tư pháp - hộ tịch",
        Role::Processing,
        true,
    ),
    (
        "VHXH",
        "lanhdao3",
        "Trưởng phòng Văn hóa - Xã hội",
        Role::DivisionHead,
        true,
    ),
    ("", "chutich", "Chủ tịch UBND", Role::Leader, false),
    ("", "phochutich", "Phó Chủ tịch UBND", Role::Leader, true),
    ("VP", "vanthu", "Văn thư", Role::Clerk, false),
    ("", "quantri", "Quản trị đơn vị", Role::UnitAdmin, false),
];

const DEPARTMENT: &[Plan] = &[
    (
        "",
        "tiepnhan1",
        "Công chức tiếp nhận",
        Role::Reception,
        false,
    ),
    ("", "thuly1", "Chuyên viên", Role::Processing, false),
    ("", "thuly2", "Chuyên viên", Role::Processing, true),
    ("", "lanhdao1", "Trưởng phòng", Role::DivisionHead, false),
    ("", "giamdoc", "Giám đốc", Role::Leader, false),
    ("", "phogiamdoc", "Phó Giám đốc", Role::Leader, true),
    ("", "vanthu", "Văn thư", Role::Clerk, false),
    ("", "quantri", "Quản trị đơn vị", Role::UnitAdmin, false),
];

const PROVINCE: &[Plan] = &[
    ("", "chutich", "Chủ tịch UBND tỉnh", Role::Leader, false),
    (
        "",
        "phochutich",
        "Phó Chủ tịch UBND tỉnh",
        Role::Leader,
        true,
    ),
    ("", "vanthu", "Văn thư", Role::Clerk, false),
    ("", "thuly1", "Chuyên viên", Role::Processing, false),
    (
        "",
        "kstt1",
        "Quản trị nghiệp vụ (KSTTHC)",
        Role::ProvinceAdmin,
        false,
    ),
    (
        "",
        "kstt2",
        "Quản trị nghiệp vụ (KSTTHC)",
        Role::ProvinceAdmin,
        true,
    ),
    (
        "",
        "quantri",
        "Quản trị kỹ thuật",
        Role::TechnicalAdmin,
        false,
    ),
];

const CENTRE: &[Plan] = &[
    (
        "",
        "tiepnhan1",
        "Công chức tiếp nhận",
        Role::Reception,
        false,
    ),
    (
        "",
        "tiepnhan2",
        "Công chức tiếp nhận (thay thế)",
        Role::Reception,
        true,
    ),
    ("", "dieuphoi", "Điều phối", Role::Monitor, false),
];

fn posts(agency: &str, kind: &str) -> Vec<Post> {
    let plan = match kind {
        "commune" | "ward" => COMMUNE,
        "province" => PROVINCE,
        "one_stop_centre" => CENTRE,
        _ => DEPARTMENT,
    };
    plan.iter()
        .map(|(sub, short, title, role, stand_in)| {
            let unit = if sub.is_empty() {
                UnitId::from(agency)
            } else {
                UnitId(format!("{agency}-{sub}"))
            };
            let login = format!("{}.{short}", agency.to_lowercase());
            Post {
                id: Uuid::new_v5(&NAMESPACE, format!("post/{login}").as_bytes()),
                unit,
                title,
                roles: vec![*role],
                stand_in: *stand_in,
                person: Uuid::new_v5(&NAMESPACE, format!("person/{login}").as_bytes()),
                login,
            }
        })
        .collect()
}

/// The sign-in name of the first administrator.
pub(crate) const FIRST_ADMIN: &str = "42.quantri";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_commune_has_every_role_that_a_dossier_passes() {
        let agencies = agencies().unwrap();
        let communes: Vec<_> = agencies.iter().filter(|a| a.commune).collect();
        assert_eq!(communes.len(), 69);
        for commune in communes {
            let roles: BTreeSet<Role> =
                commune.posts.iter().flat_map(|p| p.roles.clone()).collect();
            for role in [
                Role::Reception,
                Role::Processing,
                Role::DivisionHead,
                Role::Leader,
                Role::Clerk,
            ] {
                assert!(roles.contains(&role), "{} {role:?}", commune.id);
            }
        }
        let logins: BTreeSet<_> = agencies
            .iter()
            .flat_map(|a| &a.posts)
            .map(|p| &p.login)
            .collect();
        assert_eq!(
            logins.len(),
            agencies.iter().map(|a| a.posts.len()).sum::<usize>()
        );
    }

    #[test]
    fn a_commune_lies_below_the_province() {
        let agencies = agencies().unwrap();
        let mai_phu = agencies.iter().find(|a| a.id.as_str() == "18583").unwrap();
        let centre = mai_phu
            .units
            .iter()
            .find(|u| u.id.as_str() == "18583-TTPVHCC")
            .unwrap();
        let path: Vec<_> = centre.path.iter().map(UnitId::as_str).collect();
        assert_eq!(path, ["42", "18583", "18583-TTPVHCC"]);
    }
}
