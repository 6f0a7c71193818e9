# Messages aux personnes : alertes et entrées par e-mail, dans Slack et dans Teams.

why-entry = Une seule entrée a suffi : { $activity }.
why-entries = La règle a compté { $value } entrées correspondantes en { $time }.
why-distinct = La règle a compté { $value } valeurs différentes de { $field } en { $time }.
why-sum = La somme de { $field } en { $time } était de { $value }.
why-average = La moyenne de { $field } en { $time } était de { $value }.
why-percentile = Le percentile de { $field } en { $time } était de { $value }.
why-median = La médiane de { $field } en { $time } était de { $value }.
why-threshold = Le seuil est de { $threshold }.
why-values = Parmi elles : { $values }.
why-share = Cela représente { $share } % du total.
why-sequence = Ces événements se sont produits ensemble en { $time } : { $parts }.
why-silence = Rien n’est arrivé pendant { $time }. À cette heure de la semaine, { $usual } sans entrée est habituel.

message-footer = hindcast envoie ce message parce qu’une destination de l’espace de travail { $workspace } le demande. Les propriétaires et les administrateurs de la sécurité en décident sous Paramètres, Destinations.
message-more = et { $count } de plus
message-open-entry = Ouvrir l’entrée
message-open-alert = Ouvrir l’alerte
message-open-log = Ouvrir le journal d’activité
message-when = Quand
message-who = Qui
message-where = D’où
message-outcome = Résultat
message-test = Un test de hindcast
message-test-told = Quelqu’un vérifie si les messages arrivent ici. Il ne s’est rien passé, et ceci ne figure dans aucun journal.
message-severity = Gravité
message-critical = Critique
message-high = Élevée
message-medium = Moyenne
message-low = Faible
message-informational = Information
message-about = Concerne
message-first-seen = Vu pour la première fois
message-last-seen = Vu pour la dernière fois
message-response = Que faire
message-evidence = Preuves
message-alerts = { $count ->
    [one] { $count } alerte
   *[other] { $count } alertes
} dans { $workspace }
message-entries = { $count ->
    [one] { $count } entrée
   *[other] { $count } entrées
} dans { $workspace }
message-between = De { $from } à { $until }.
message-others = Autres activités
message-first = Les premières
