# Rapports : les pages, et ce que disent les documents.

nav-reports = Rapports
reports-purpose = Ce que le journal dit d’une période, à lire, à imprimer et à transmettre.
reports-none = Aucun rapport pour l’instant
reports-none-told = Choisissez ci-dessous un modèle et une période.
report-new = Nouveau rapport
report-template = Modèle
report-from = Du
report-until = Au
report-days-told = Jours entiers en UTC ; les deux jours sont compris.
report-language = Langue
report-query = Seulement les entrées qui répondent à cette requête
report-query-told = Vide pour tout ce que vous pouvez voir. La période est indiquée ci-dessus.
report-make = Créer le rapport
report-narrowed-told = Votre rôle ne voit pas tout, et le rapport n’en montre pas davantage.
report-making = { $report } : en cours de création, { $percent } %
report-failed = { $report } : la création a échoué. Veuillez réessayer. En cas de nouvel échec, indiquez à votre administrateur quand cela s’est produit.
report-busy = D’autres rapports sont en cours de création. Veuillez réessayer ensuite.
report-wrong-time = Le premier jour ne peut pas suivre le dernier, et les deux doivent être des dates.
report-wrong-query = Cette requête ne peut pas être combinée avec « { $topic } ». Veuillez restreindre le rapport autrement.
report-query-time = N’indiquez pas de date dans la requête ; la période est donnée ci-dessus.
report-made-by = Créé par
report-made-at = Créé le
report-pdf = Télécharger le PDF
report-json = Télécharger le JSON
report-kept = Conservé jusqu’au { $date }
report-recorded-as = Les sommes de contrôle de ce rapport figurent dans le journal.
report-verify = Vérifier un rapport
report-verify-told = Choisissez le PDF ou le JSON d’un rapport. Son SHA-256 est recherché parmi les rapports qui, selon ce journal, ont été créés. Le fichier n’est pas conservé.
report-verify-file = Fichier
report-verify-found = C’est le rapport « { $report } », inchangé, tel qu’il a été créé le { $when }.
report-verify-entry = Entrée { $index }
report-verify-unknown = Aucun rapport avec ce SHA-256 n’a été créé ici : le fichier a été modifié, ou il vient d’ailleurs.
report-verify-none = Choisissez d’abord un fichier.
report-reviews = Examiné
report-reviews-none = Personne n’a encore visé ce rapport.
report-review-by = { $who }, { $when }
report-review-note = Remarque (facultative)
report-review-sign = J’ai examiné ce rapport
report-review-told = Votre visa est une entrée du journal.
report-access-review = Revue des accès
report-access-review-told = Qui est arrivé et parti, les rôles, les jetons et ce qu’ont fait les rôles aux droits étendus.
report-privileged-changes = Modifications privilégiées
report-privileged-changes-told = Ce qu’ont fait les propriétaires et les administrateurs, et les modifications de rôles, de connexion et de paramètres.
report-data-exports = Exports de données
report-data-exports-told = Ce qui a été exporté ou supprimé, et qui a lu le journal.
report-failed-sign-ins = Échecs de connexion
report-failed-sign-ins-told = Qui a tenté en vain de se connecter, et comment la connexion est protégée.
report-ai-agents = Actions des agents IA
report-ai-agents-told = Ce qu’ont fait les agents IA, ce qui leur a été refusé et comment ils sont configurés.
report-incident-timeline = Chronologie d’un incident
report-incident-timeline-told = Tout ce qui répond à une requête, dans l’ordre où cela s’est produit.
report-evidence = Éléments de preuve pour { $standard }
report-evidence-told = Clause par clause, les éléments de preuve dont dispose ce journal.
report-gdpr = le RGPD
report-period = du { $from } au { $until }
report-workspace = Espace de travail
report-time = Période
report-entries = Entrées de la période
report-version = Créé avec
report-narrowed-to = Restreint à
report-evidence-for = Voici des éléments de preuve tirés du journal pour les clauses citées. Ce rapport ne dit pas qu’elles sont respectées ; c’est à la personne qui l’examine d’en juger. L’objet de chaque clause est indiqué avec nos mots ; ce qu’elle exige est à lire dans la norme elle-même.
report-clause = Clause
report-clause-about = Objet
report-topic = Élément
report-samples = Exemples (index)
report-verdict = Constat
report-recorded = éléments enregistrés
report-nothing = rien d’enregistré
report-compared = comparé à d’autres, voir plus bas
report-controls = Clauses et éléments de preuve
report-nothing-told = Rien de tel n’a été enregistré sur la période.
report-counted = { $count ->
    [one] { $count } entrée
   *[other] { $count } entrées
}
report-newest = { $count ->
    [one] Seule la plus récente figure ici.
   *[other] Les { $count } plus récentes figurent ici.
}
report-timeline = Chronologie
report-queries = Requêtes et décomptes
report-limits = Ce que ce rapport ne prouve pas
report-limit-sources = Le journal contient ce que ses sources ont envoyé. Ce qu’elles n’ont jamais envoyé n’y figure pas.
report-limit-key = Qui détient à la fois les données et la clé de signature pourrait écrire un autre journal. Des points de contrôle conservés ailleurs, comme cette page, le rendent visible.
report-limit-clock = Les heures des faits sont celles qu’ont données les sources ; les heures de réception sont celles de l’horloge du serveur.
report-limit-law = Un rapport n’est ni un conseil juridique ni une opinion d’audit.
report-clock-lead = { $count ->
    [one] Une entrée a été reçue avant de s’être produite, selon sa source : l’horloge d’une source avançait sur celle du serveur, jusqu’à { $seconds } s.
   *[other] { $count } entrées ont été reçues avant de s’être produites, selon leur source : l’horloge d’une source avançait sur celle du serveur, jusqu’à { $seconds } s.
}
report-clock-no-lead = Aucune entrée de la période n’a été reçue avant de s’être produite, selon sa source.
report-clock-compared = Des témoins et des autorités d’horodatage ont confirmé des points de contrôle avec leur propre horloge. L’écart comprend la durée de leur réponse ; négatif, il indique que l’horloge du serveur retardait.
report-clock-uncompared = Aucune confirmation d’un point de contrôle par un témoin ou une autorité d’horodatage n’est connue pour la période ; pour chacun, les 20 plus récentes sont conservées.
report-clock-unmeasured = hindcast ne mesure pas si l’horloge du serveur suit une source de temps ; c’est l’affaire du système d’exploitation. Pour en avoir la preuve ici, envoyez chaque contrôle comme une entrée avec l’action control.checked et la cible control/clock.
report-clock-by = Confirmé par
report-clock-ours = Horloge du serveur (UTC)
report-clock-theirs = Autre horloge (UTC)
report-clock-difference = Écart
report-clock-seconds = { $seconds } s
report-days = { $count ->
    [one] Entrées au fil du temps : maximum le { $day }, { $count } entrée
   *[other] Entrées au fil du temps : maximum le { $day }, { $count } entrées
}
topic-sign-ins = Connexions
topic-failed-sign-ins = Échecs de connexion
topic-teammates = Arrivées et départs de coéquipiers
topic-roles = Rôles, autorisations et équipes
topic-tokens = Jetons et clés
topic-privileged = Actions des propriétaires et administrateurs
topic-impersonation = Actions au nom d’une autre personne
topic-sign-in-settings = Méthodes de connexion
topic-settings = Paramètres
topic-exports = Exports et accès aux données personnelles
topic-deletions = Suppressions et effacements
topic-log-access = Accès au journal
topic-integrity = Vérification du journal
topic-retention = Conservation, gels et masquage
topic-server = Démarrages et arrêts du serveur
topic-gaps = Lacunes et pannes de journalisation
topic-recovery = Sauvegarde et restauration
topic-alerts = Alertes
topic-policies = Règles, politiques et approbations
topic-reviews = Examens
topic-clocks = Horloges
topic-ai-agents = Actions des agents IA
topic-ai-refused = Ce qui a été refusé aux agents IA
topic-ai-settings = Configuration des agents IA
report-repeat = Répéter
report-repeat-not = Seulement maintenant
report-repeat-week = Chaque lundi, sur la semaine précédente
report-repeat-month = Le premier de chaque mois, sur le mois précédent
report-repeat-told = Un rapport répété n’a pas besoin de dates. Il apparaît ici dès qu’il est créé ; il n’est pas encore envoyé par e-mail.
report-schedules = Répétés
report-schedule-week = chaque semaine pour { $who }, prochaine fois le { $next }
report-schedule-month = chaque mois pour { $who }, prochaine fois le { $next }
report-schedule-end = Ne plus répéter
report-schedules-full = Cet espace de travail répète déjà { $count } rapports. Arrêtez-en d’abord un.

report-mail-to = L’envoyer par e-mail à (facultatif)
report-mail-to-told = Adresses, séparées par des virgules. Elles reçoivent le PDF dès qu’il est prêt, à chaque fois.
report-mail-wrong = Jusqu’à 20 adresses sont attendues, séparées par des virgules.
report-mailing = Envoi en cours à { $to }.
report-mailed = Envoyé à { $to }.
report-mailed-but = Envoyé à { $to }, mais pas à tous : { $problem }
report-mail-again = Pas encore envoyé à { $to } : { $problem } Prochain essai : { $time }.
report-mail-given-up = N’a pas pu être envoyé à { $to } : { $problem }
report-mail-told = Ceci est un rapport sur le journal de l’espace de travail { $workspace }, établi pour { $who }.
report-mail-large = Le PDF est trop volumineux pour un e-mail ; il peut être téléchargé depuis la page du rapport.
report-mail-open = Ouvrir le rapport
report-mail-footer = hindcast envoie ce message parce que { $who } l’a demandé en faisant établir le rapport. Cela s’arrête sous Rapports.
