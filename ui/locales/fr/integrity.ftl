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
integrity-offline-told = Les deux premières lignes vérifient un dossier de preuves ou la preuve d’une entrée, avec notre programme ou avec un court programme Python ; la troisième vérifie tout un dossier de données. Toutes se passent de ce serveur, et leur code de sortie indique ce qu’elles ont trouvé.
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
evidence = Vérifier un fichier
evidence-told = Déposez ici un dossier de preuves (.auditbundle) ou la preuve d’une entrée (.tlog-proof) pour savoir s’il correspond à ce qui a été signé. Le fichier est lu à son arrivée et n’est pas conservé ; sa vérification fait l’objet d’une entrée dans le journal.
evidence-file = Fichier
evidence-limit = { $most } Mo au plus.
evidence-check = Vérifier
evidence-missing = Veuillez choisir un fichier.
evidence-too-large = Le fichier n’est pas arrivé en entier, ou il dépasse { $most } Mo. `hindcast verify` accepte des fichiers de toute taille.
evidence-verdict = Verdict
evidence-checked = Ce qui a été vérifié
evidence-again = Vérifier un autre fichier
evidence-verified = Le fichier correspond à ce qui a été signé, avec la clé de ce journal.
evidence-unpinned = Le fichier correspond à ce qui a été signé, mais avec une clé qu’il apporte lui-même : il ne vient pas de ce journal. Comparez cette clé à une clé obtenue autrement.
evidence-gap = Ce qui s’y trouve correspond à ce qui a été signé, mais il manque quelque chose qu’aucun avis n’explique.
evidence-diverged = Le journal a signé deux états qui ne peuvent pas être vrais tous les deux.
evidence-invalid = Le fichier ne correspond pas à ce qui a été signé.
evidence-unreadable = On ne peut rien dire de ce fichier.
evidence-received = Reçue
evidence-what = Contenu
evidence-range = toutes les entrées de { $first } à { $last }
evidence-filtered = ce qu’une requête a trouvé ; il n’est pas démontré que c’est tout
evidence-counted = { $open } ouvertes, { $withheld } retenues, { $gone } disparues
evidence-query = Requête
evidence-closed = Champs masqués
evidence-own-key = celle de ce journal
evidence-its-key = celle qui accompagne le fichier
evidence-gaps = Lacunes inexpliquées
evidence-not-shown = N’est pas démontré : que tout ce qui s’est passé a été journalisé, ni ce que trouverait la requête du dossier. Les signatures de témoins et un point de contrôle que vous avez conservé se comparent avec `hindcast verify`.
