//! Faults of the driver, as problems of this program: their exit codes and what to do.

use holdpoint_driver::Fault;

use super::Problem;

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Problem {
        let message = fault.to_string();
        match fault {
            Fault::Refused(_) => Problem::fault(
                message,
                "This is a fault of holdpoint. The record is as it was before; report it.",
            ),
            Fault::Unmaskable(_) => Problem::fault(
                message,
                "Is the value of a secret a word that stands in every record? Use another.",
            ),
            Fault::Stuck => Problem::fault(
                message,
                "This is a fault of holdpoint; `holdpoint verify` tells whether the record is sound.",
            ),
            Fault::SessionUnsigned => {
                Problem::refused(message, "Nothing was executed. Take the run up again with --key FILE.")
            }
            Fault::Barred => {
                Problem::refused(message, "Nothing was executed. Open a new run once they hold.")
            }
            Fault::Statement(_) => Problem::fault(message, ""),
            Fault::NoBlob(_) | Fault::Unsigned => Problem::fault(message, "This is a fault of holdpoint."),
        }
    }
}
