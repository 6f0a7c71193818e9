permission-read-alerts = Alarme und Regeln sehen
permission-manage-alerts = Über Alarme entscheiden und Regeln ändern
