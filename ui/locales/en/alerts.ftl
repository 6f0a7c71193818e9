permission-read-alerts = See alerts and rules
permission-manage-alerts = Decide about alerts, and change rules
