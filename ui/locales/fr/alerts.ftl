permission-read-alerts = Voir les alertes et les règles
permission-manage-alerts = Traiter les alertes et modifier les règles
