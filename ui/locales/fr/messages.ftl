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
