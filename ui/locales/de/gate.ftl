permission-read-policies = Richtlinien, Werkzeuge und Freigaben sehen
permission-manage-policies = Richtlinien und Werkzeuge ändern
permission-approve = Freigaben erteilen oder ablehnen
scope-decide = Die Schranke fragen, bevor etwas geschieht
