permission-read-alerts = Voir les alertes et les règles
permission-manage-alerts = Traiter les alertes et modifier les règles

# Alertes : la boîte de réception, une alerte, les règles et leurs essais.

nav-alerts = Alertes
alerts-purpose = Ce que les règles ont trouvé et qui mérite l’attention de quelqu’un.
alerts-waiting = { $count ->
    [one] { $count } alerte ouverte
   *[other] { $count } alertes ouvertes
}
alerts-states = États des alertes
alerts-open = Ouvertes
alerts-acknowledged = Prises en charge
alerts-resolved = Résolues
alerts-muted = En sourdine
alerts-all = Toutes
alerts-mine = Les miennes
alerts-none = Aucune alerte ici.
alerts-none-match = Aucune alerte ne correspond.
alerts-never = Aucune alerte pour l’instant
alerts-never-told = Hindcast est livré avec un premier jeu de règles qui examinent chaque entrée à son arrivée : connexions échouées ou inhabituelles, rôles qui s’étendent, exports et suppressions, jetons et webhooks, bots qui s’emballent. Ce qu’elles trouvent s’affiche ici.
alerts-never-rules = Voir les règles
alerts-never-send = Transmettre les alertes
alerts-never-send-told = Chaque alerte est aussi une entrée. Une destination de type email, slack ou teams, ou toute autre, avec la requête action:alert.raised, en informe les personnes concernées.
alerts-older = Alertes plus anciennes
alerts-bulk = Avec les alertes choisies
alerts-none-chosen = Choisissez au moins une alerte.
alerts-done-acknowledged = { $count ->
    [one] { $count } alerte prise en charge.
   *[other] { $count } alertes prises en charge.
}
alerts-done-assigned = { $count ->
    [one] { $count } alerte attribuée.
   *[other] { $count } alertes attribuées.
}
alerts-done-muted = { $count ->
    [one] { $count } alerte mise en sourdine.
   *[other] { $count } alertes mises en sourdine.
}
alerts-done-resolved = { $count ->
    [one] { $count } alerte résolue.
   *[other] { $count } alertes résolues.
}
alerts-done-reopened = { $count ->
    [one] { $count } alerte rouverte.
   *[other] { $count } alertes rouvertes.
}
undo = Annuler l’action
filter = Filtrer

severity-critical = Critique
severity-high = Élevée
severity-medium = Moyenne
severity-low = Faible
severity-informational = Information
severity-any = Toute gravité
severity-from = { $severity } et plus grave

alert-severity = Gravité
alert-what = Quoi et pourquoi
alert-count = Nombre
alert-first = Vue d’abord
alert-last = Vue en dernier
alert-assignee = Attribuée à
alert-nobody = Personne
alert-rule = Règle
alert-rule-gone = La règle a été supprimée.
alert-choose = Choisir
alert-choose-one = Choisir : { $title } { $about }
alert-hidden = (masqué)
alert-storm = d’autres du même genre
alert-acknowledge = Prendre en charge
alert-assign = Attribuer
alert-mute-hour = Sourdine 1 heure
alert-mute-day = Sourdine 1 jour
alert-muted-until = en sourdine jusqu’au { $time }
alert-resolve = Résoudre
alert-reopen = Rouvrir
alert-disposition = Décision
alert-note = Note (facultative, conservée dans le journal)
alert-expected-assignee = Choisissez quelqu’un de cet espace qui peut voir les alertes.
alert-expected-disposition = Choisissez la décision prise.
disposition-true-positive = Fondée : c’est bien ce que la règle cherche
disposition-benign = Sans danger : c’était cela, mais autorisé
disposition-false-positive = Fausse alerte : la règle s’est trompée
disposition-past = Trouvée dans le passé
alert-why = Pourquoi
alert-evidence = Preuves
alert-integrity-of = Intégrité de l’entrée { $index }
alert-evidence-more = { $count ->
    [one] et { $count } entrée avant
   *[other] et { $count } entrées avant
}
alert-evidence-gone = { $count ->
    [one] { $count } entrée concernée a expiré ; son existence reste prouvée.
   *[other] { $count } entrées concernées ont expiré ; leur existence reste prouvée.
}
alert-evidence-unseen = { $count ->
    [one] { $count } entrée concernée est masquée par votre rôle.
   *[other] { $count } entrées concernées sont masquées par votre rôle.
}
alert-usual = Ce qui est habituel
alert-usual-told = Toutes les entrées des activités visées par la règle, dans les 30 jours précédant l’alerte.
alert-history = Historique
alert-history-none = Le journal ne dit encore rien de cette alerte.
alert-act = Que faire de cette alerte
alert-steps = Étapes suivantes
alert-false = Quand la règle se trompe

alert-rules = Règles d’alerte
alert-rules-purpose = Elles jugent chaque entrée, dans l’ordre du journal.
rule-any = Toute règle
rules-own = Vos propres règles
rules-sign-in = A · Connexion
rules-authentication = B · Authentification et paramètres de sécurité
rules-people = C · Rôles et personnes
rules-data = D · Exports et suppressions de données
rules-apps = E · Applications, jetons et webhooks
rules-impersonation = F · Actions au nom d’autrui
rules-settings = G · Automatisation et paramètres
rules-agents = H · Bots et agents IA
rules-log = I · Le journal lui-même
rule-state = État
rule-on = Activée
rule-off = Désactivée
rule-asleep = En sommeil
rule-asleep-for = Liste vide : { $lists }
rule-broken = En erreur
rule-muted-until = En sourdine jusqu’au { $time }
rule-raised = Alertes
rule-precision = Justesse
rule-precision-of = { $percent } % sur { $count }
rule-tune-or-retire = À ajuster ou à retirer
rule-last = Dernière alerte
rule-switch = Activer ou non
rule-switch-one = { $rule } est activée
rule-lists = Listes utilisées par les règles
rule-lists-told = Une valeur par ligne. Une règle qui a besoin d’une liste est en sommeil tant que celle-ci est vide.
list-own-domains-told = Par exemple @example.com, avec le @ : les invitations vers d’autres domaines sont signalées.
list-own-hosts-told = Par exemple hooks.example.com : les webhooks vers d’autres hôtes sont signalés.
list-too-long = Au plus { $count } valeurs de 256 octets chacune.

rule-new = Nouvelle règle
rule-new-told = Une règle s’écrit en Sigma. Elle est d’abord désactivée : essayez-la sur le passé, puis activez-la.
rule-make = Enregistrer la règle
rule-copy = Copier comme règle à vous
rule-delete = Supprimer la règle
rule-reset = Revenir à l’état d’origine
rule-tunables = Ce qui peut être ajusté
rule-settings = Comment elle alerte
rule-quiet = Temps de silence en minutes
rule-quiet-told = Quand rien n’a été constaté pendant ce temps, le prochain cas donne une nouvelle alerte.
rule-mute = En sourdine jusqu’au
rule-mute-told = Les alertes sont conservées, mais personne n’en est informé.
rule-text = Texte
rule-yaml = YAML Sigma
rule-shipped-told = Cette règle est livrée avec hindcast. Pour en changer le texte, copiez-la comme règle à vous.
rule-warnings = Elle fonctionne, mais :
rule-expected-quiet = Un nombre entier de minutes de 1 à { $max } est attendu.
rule-expected-time = Une date avec une heure est attendue.
rule-twice = Une autre règle porte l’identifiant { $id }. Donnez-en un propre à celle-ci.
rule-id-stays = L’identifiant d’une règle ne change pas : ses alertes y sont rattachées. Copiez la règle pour lui en donner un autre.
rule-too-many = Le nombre maximal de règles est atteint. Supprimez-en une d’abord.
rule-conflict = Quelqu’un a modifié cette règle entre-temps. Copiez votre texte, rechargez la page et modifiez-le là.
tunable-between = { $default } par défaut ; de { $min } à { $max }
tunable-default = { $default } par défaut
tunable-expected-number = Un nombre est attendu.

flaw-at = Ligne { $line }, colonne { $column } : { $told }
flaw-yaml = Ce n’est pas du YAML : { $told }
flaw-sigma = Ce n’est pas du Sigma : { $told }
flaw-unsupported = { $feature } n’est pas pris en charge.
flaw-unsupported-hint = { $feature } n’est pas pris en charge ; { $hint }.
flaw-field = Aucune entrée n’a le champ { $field }.
flaw-field-meant = Aucune entrée n’a le champ { $field }. Vouliez-vous dire { $meant } ?
flaw-action = L’action { $action } est inconnue de hindcast.
flaw-action-meant = L’action { $action } est inconnue de hindcast. Vouliez-vous dire { $meant } ?
flaw-rule = { $name } n’est pas une règle de ce texte.
flaw-missing = { $attribute } manque : { $expected }
flaw-invalid = { $attribute } : attendu { $expected }
flaw-too-much = { $what } : au plus { $max }, il y en a { $found }
flaw-weakened = { $told }

test-past = Essai sur le passé
test-told = L’essai porte sur le formulaire tel quel, enregistré ou non. Aucune alerte n’est émise.
test-days = Jusqu’où remonter
test-last-days = { $days } derniers jours
test-begin = Essayer
rule-compare = Comparer sur le passé
rule-compare-told = Quelles alertes s’ajouteraient et lesquelles disparaîtraient avec le formulaire tel quel. Rien n’est enregistré.
test-look-again = Voir l’avancement
test-running = { $percent } % · { $judged } entrées jugées sur { $size }
test-would = { $alerts ->
    [one] Elle aurait émis { $alerts } alerte
   *[other] Elle aurait émis { $alerts } alertes
} en { $days } jours.
test-cancelled = L’essai a été annulé.
test-failed = L’essai s’est interrompu : { $told }
test-gone = Cet essai n’existe plus : un autre a commencé, ou le serveur a redémarré.
test-by-day = Alertes par jour (UTC)
test-day = Jour
test-bar = { $day } : { $count ->
    [one] { $count } alerte
   *[other] { $count } alertes
}
test-more = { $count ->
    [one] et { $count } autre
   *[other] et { $count } autres
}

tile-alerts = Alertes ouvertes
tile-alerts-told = quelle que soit la période ci-dessus
view-alert = Signaler les nouvelles
destination-for-query = La nouvelle destination recevra ce que trouve cette requête :
