status-pending-approval = Pending approval
status-scheduled = Scheduled
status-ending-soon = Ending soon
status-denied = Denied
status-cancelled = Cancelled
status-timed-out = Timed out
status-carried-out = Carried out
