status-pending-approval = Afventer godkendelse
status-scheduled = Planlagt
status-ending-soon = Slutter snart
status-denied = Afslået
status-cancelled = Annulleret
status-timed-out = Frist udløbet
status-carried-out = Gennemført
