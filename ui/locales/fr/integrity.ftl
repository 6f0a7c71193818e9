# The integrity page.

integrity-purpose = Vérifiez que tout est encore là, exactement comme au moment de l’écriture.
integrity-quarantined = Les données stockées de ce journal ne correspondent pas à ce qui a été signé. Il est en lecture seule jusqu’à sa réparation.
integrity-log = Le journal
integrity-origin = Nom
integrity-size = Entrées
integrity-signed = Entrées signées
integrity-key = Clé de vérification
integrity-key-id = ID de la clé
integrity-key-told = Conservez la clé ailleurs : vérifier le journal avec une clé prise sur cette page, c’est se fier à cette page.
integrity-more = Comment cela fonctionne, et quelles en sont les limites
integrity-offline = Vérifier sans ce serveur
integrity-offline-told = La première ligne vérifie la preuve d’une entrée, la seconde tout un dossier de données. Toutes deux se passent de ce serveur, et leur code de sortie indique ce qu’elles ont trouvé.
integrity-checkpoints = Points de contrôle signés
integrity-signature = Signature
signature-good = Valide
signature-bad = Non valide

verify-all = Tout vérifier
verify-all-told = Relit chaque entrée de la première à la dernière, recalcule son empreinte et compare le résultat à chaque point de contrôle signé.
verify-all-begin = Tout vérifier maintenant
verify-running = { $percent } % · entrées lues : { $read } sur { $size }
verify-intact = Intègre : { $count ->
    [one] { $count } entrée a été lue et correspond
   *[other] { $count } entrées ont été lues et correspondent
} à ce qui a été signé.
verify-damaged = Non intègre. Voici ce qui a été constaté :
verify-unfinished = La vérification n’a pas pu être menée à terme. Rien n’indique une anomalie ; réessayez.
verify-last = Dernière lecture sans anomalie : { $when }.
percent-pattern = {"{n}"} %
verify-damaged-masked = Non intègre. Les constats sont visibles par les personnes ayant accès aux paramètres système et figurent dans le journal de diagnostic du serveur.
verify-elsewhere = Le serveur vérifie actuellement un autre espace de travail. Veuillez réessayer dans quelques minutes.
verify-lately = Tout vient d’être relu. Une nouvelle vérification sera possible dans { $seconds } s.

integrity-diverged = Un tiers détient un point de contrôle signé par cette installation et que son journal contredit : une copie plus ancienne des données a été remise en place, ou deux installations utilisent la même clé. Rien n’est signé tant que l’exploitant n’intervient pas.
integrity-anchors = Témoins et ancrages
integrity-anchors-told = Ils reçoivent le dernier point de contrôle de cette installation. Ce qu’il couvre ne peut plus être réécrit sans que cela se voie, même avec la machine et sa clé.
integrity-anchors-none = Personne en dehors de cette machine ne reçoit ses points de contrôle : quiconque dispose de la machine et de sa clé pourrait réécrire le passé sans que cela se voie. L’exploitant peut indiquer des témoins et des ancrages dans les paramètres du serveur.
integrity-anchors-overdue = Aucun point de contrôle n’a quitté cette machine depuis plus longtemps que l’exploitant ne le permet.
integrity-anchored = Dernier ancrage
integrity-anchored-via = { $when } via { $name }
integrity-anchored-never = Jamais
integrity-fingerprint = Empreinte de ce point de contrôle
integrity-unanchored = Pas encore ancré
integrity-unanchored-none = Aucune entrée
integrity-unanchored-count = { $count ->
    [one] { $count } entrée
   *[other] { $count } entrées
}, la plus ancienne : { $when }
anchor-name = Nom
anchor-kind = Type
anchor-last = Dernière transmission
anchor-state = État
anchor-witness = Témoin
anchor-file = Fichier
anchor-syslog = Syslog
anchor-webhook = Webhook
anchor-tsa = Autorité d’horodatage
anchor-works = Fonctionne
anchor-fails = En échec
anchor-waits = Pas encore transmis
