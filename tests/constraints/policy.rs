//! What was applied from policy files.
use super::{Lab, rows};

#[tokio::test]
async fn what_was_applied_did_something_is_recorded_and_stays() {
    let lab = Lab::new().await;
    lab.takes(rows::policy_application()).await;
    let nothing = rows::policy_application().with("steps", "0");
    lab.refuses("policy_applications_did_something", nothing).await;
    let long = rows::policy_application().with("reason", "repeat('x', 4097)");
    lab.refuses("policy_applications_reason_length", long).await;
    lab.refuses("policy_applications_recorded", rows::policy_application().unrecorded()).await;
    let frozen = "policy_applications_frozen";
    lab.history(frozen, "update policy_applications set reason = 'x'").await;
    lab.history(frozen, "delete from policy_applications").await;
}
