//! The sentences that people read, one a reason.

use super::Reason;

/// In Vietnamese, for the person at the screen.
pub(super) fn vietnamese(reason: Reason) -> &'static str {
    match reason {
        Reason::InvalidField => {
            "Thông tin gửi lên còn thiếu hoặc chưa đúng. Vui lòng kiểm tra các trường được đánh dấu."
        }
        Reason::Unauthenticated => {
            "Phiên đăng nhập không hợp lệ hoặc đã hết hạn. Vui lòng đăng nhập lại."
        }
        Reason::Denied => "Bạn không có quyền thực hiện thao tác này.",
        Reason::NotFound => "Không tìm thấy thông tin được yêu cầu.",
        Reason::WrongState => "Trạng thái hiện tại không cho phép thực hiện thao tác này.",
        Reason::RuleRefuses => "Quy định nghiệp vụ không cho phép thực hiện thao tác này.",
        Reason::StaleEtag => {
            "Thông tin đã được người khác thay đổi. Vui lòng tải lại và thực hiện lại."
        }
        Reason::IdempotencyKeyReused => "Mã yêu cầu đã được dùng cho một nội dung khác.",
        Reason::AlreadyDone => "Yêu cầu này đã được thực hiện trước đây.",
        Reason::AlreadyExists => "Thông tin này đã tồn tại.",
        Reason::RateLimited => "Bạn thao tác quá nhanh. Vui lòng chờ giây lát rồi thử lại.",
        Reason::TooLarge => "Nội dung gửi lên vượt quá dung lượng cho phép.",
        Reason::Unavailable => "Hệ thống tạm thời gián đoạn. Vui lòng thử lại sau ít phút.",
        Reason::Deadline => "Hệ thống xử lý quá thời gian cho phép. Vui lòng thử lại.",
        Reason::IncarnationMismatch => {
            "Dữ liệu giữa các hệ thống đang được đối soát sau khôi phục. Vui lòng liên hệ quản trị kỹ thuật."
        }
        Reason::ClockSkew => {
            "Đồng hồ của các máy chủ lệch nhau quá 2 phút. Vui lòng liên hệ quản trị kỹ thuật."
        }
        Reason::WrongCredentials => "Tên đăng nhập hoặc mật khẩu không đúng.",
        Reason::NotConfigured => "Hệ thống chưa được cấu hình cho thao tác này.",
        Reason::Internal | Reason::Unspecified => {
            "Hệ thống gặp lỗi. Vui lòng báo mã sự cố cho quản trị kỹ thuật."
        }
    }
}

/// In English, for developers; the gRPC status message.
pub(super) fn english(reason: Reason) -> &'static str {
    match reason {
        Reason::InvalidField => "one or more fields are missing or wrong",
        Reason::Unauthenticated => "no valid token",
        Reason::Denied => "not allowed",
        Reason::NotFound => "not found",
        Reason::WrongState => "the state does not allow this",
        Reason::RuleRefuses => "a rule of procedure refuses",
        Reason::StaleEtag => "the etag is stale",
        Reason::IdempotencyKeyReused => "the request_id came with another body",
        Reason::AlreadyDone => "the request_id was answered long ago",
        Reason::AlreadyExists => "exists already",
        Reason::RateLimited => "too many calls",
        Reason::TooLarge => "larger than the limit",
        Reason::Unavailable => "temporarily unavailable",
        Reason::Deadline => "the deadline passed or is too near",
        Reason::IncarnationMismatch => "a store was restored; reconcile first",
        Reason::ClockSkew => "clocks differ too much",
        Reason::WrongCredentials => "wrong name or secret",
        Reason::NotConfigured => "not configured",
        Reason::Internal | Reason::Unspecified => "internal error",
    }
}
