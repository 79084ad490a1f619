//! Why the clock gives no answer. The messages are for people.

use chrono::{DateTime, NaiveDate, Utc, Weekday};

use super::pause::MAX_PAUSES;

/// Why a due date cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// A limit of nothing.
    #[error("thời hạn phải lớn hơn 0")]
    ZeroLimit,
    /// The count would walk further than the clock is willing to.
    #[error("thời hạn quá dài, không tính được")]
    TooLong,
    /// An instant outside the years in which the clock answers.
    #[error("thời điểm nằm ngoài khoảng năm 1900–9000")]
    OutOfRange,
    /// The calendar itself is unusable.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// A pause ends before it begins.
    #[error("khoảng tạm dừng kết thúc trước khi bắt đầu")]
    PauseBackwards,
    /// A pause begins before the clock does.
    #[error("khoảng tạm dừng bắt đầu trước thời điểm tính hạn")]
    PauseBeforeStart,
    /// Two pauses hold the clock at once.
    #[error("các khoảng tạm dừng chồng lên nhau")]
    PausesOverlap,
    /// More pauses than any dossier has.
    #[error("quá {MAX_PAUSES} khoảng tạm dừng")]
    TooManyPauses,
    /// The clock stands still: no date can be promised before the pause ends.
    #[error("đồng hồ đang tạm dừng, chưa có hạn")]
    StillPaused {
        /// Since when.
        since: DateTime<Utc>,
    },
}

/// Why a calendar cannot be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No weekday has a session.
    #[error("lịch làm việc không có buổi làm việc nào")]
    NoWorkingTime,
    /// Sessions are empty, out of order or overlap.
    #[error("các buổi làm việc của một ngày trong tuần sai thứ tự hoặc chồng nhau ({0})")]
    Sessions(Weekday),
    /// A working day of no length, or longer than a day.
    #[error("số phút làm việc mỗi ngày phải từ 1 đến 1440")]
    MinutesPerDay,
    /// The last day of validity comes before the first.
    #[error("hiệu lực của lịch kết thúc trước khi bắt đầu")]
    Validity,
    /// One date is named both as a day off and as a make-up day.
    #[error("ngày {0} vừa là ngày nghỉ vừa là ngày làm bù")]
    Contradiction(NaiveDate),
    /// A row of the holiday table cannot be read.
    #[error("dòng {line} của bảng ngày nghỉ không đọc được")]
    Row {
        /// Counted from 1, with the heading.
        line: usize,
    },
}
