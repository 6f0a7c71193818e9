# Taking entries out.

exports-purpose = Vos exports, conservés pendant { $days ->
    [one] { $days } jour
   *[other] { $days } jours
}.
exports-none = Aucun export pour l’instant
exports-none-told = Les exports volumineux sont préparés ici et peuvent être téléchargés dès qu’ils sont prêts. Lancez-en un depuis le journal, avec les filtres voulus.
export-new = Nouvel export
export-everything = { $count ->
    [one] { $count } entrée
   *[other] { $count } entrées
} · { $range }
export-query = { $count ->
    [one] { $count } entrée
   *[other] { $count } entrées
} · { $range } · recherche : { $query }
export-size = Environ { $size }.
export-at-once = Le téléchargement commence aussitôt.
export-as-job = C’est trop volumineux pour un envoi immédiat : l’export est écrit dans un fichier que vous trouverez sous « Exports » une fois prêt.
export-narrowed = Votre rôle ne voit pas tout, et votre export non plus.
export-layout = Format
export-keep = Écrire d’abord dans un fichier
export-keep-told = Vous le trouverez sous « Exports », avec son empreinte SHA-256 ; un téléchargement interrompu reprend là où il s’était arrêté.
export-utc = Les heures sont en UTC. Votre export fait lui-même l’objet d’une entrée dans le journal.
export-what = Contenu
export-state = État
export-bytes = Taille
export-asked-at = Demandé le
export-acts = Actions
export-until = jusqu’au { $date }
export-queued = En attente
export-running = En cours
export-ready = Prêt
export-failed = Échec
export-cancelled = Annulé
download = Télécharger

layout-xlsx = Classeur Excel (XLSX)
layout-xlsx-told = De vraies dates, une première ligne qui filtre, et des textes qui ne deviennent jamais des formules. Les valeurs trop longues pour une cellule se trouvent dans une deuxième feuille.
layout-pdf = PDF
layout-pdf-told = Des pages à lire, à imprimer et à conserver : balisées et archivables, avec les nombres et le point de contrôle signé le plus récent. Seules les entrées les plus récentes y figurent une à une ; le SHA-256 de toutes les entrées en NDJSON y est imprimé.
layout-csv-excel = CSV pour Excel
layout-csv-excel-told = Pour les tableurs ; aucune valeur n’est interprétée comme une formule.
layout-csv = CSV brut
layout-csv-told = Pour les programmes : chaque valeur telle qu’elle a été enregistrée.
layout-json = JSON
layout-json-told = Une seule liste d’entrées, avec tout ce qui a été enregistré.
layout-ndjson = NDJSON
layout-ndjson-told = Une entrée par ligne, pour les gros volumes.
layout-parquet = Parquet
layout-parquet-told = Des colonnes pour DuckDB, Spark et d’autres moteurs.
layout-bundle = Dossier de preuves, plage complète
layout-bundle-told = Pour les auditeurs : de la première à la dernière entrée trouvée, tout est justifié et il est prouvé que rien ne manque. Ce que la requête n’a pas trouvé est retenu : seuls sa place et son moment y figurent. N’importe qui peut le vérifier sans le serveur.
layout-bundle-found = Dossier de preuves, seulement ce qui a été trouvé
layout-bundle-found-told = Les entrées trouvées, chacune avec sa propre preuve. Qu’il n’y en ait pas d’autres n’est pas démontré.
export-manifest = Fiche descriptive
export-manifest-download = Télécharger la fiche descriptive (JSON)
export-indexes = Première et dernière position dans le journal
export-times = Premier et dernier moment

export-outdated = Ce que vous êtes autorisé à voir a changé depuis la création de ce fichier ; il ne peut donc plus être téléchargé. Veuillez relancer l’export.
export-enough = Vous avez déjà { $count } exports en attente. Veuillez lancer celui-ci quand l’un d’eux sera terminé, ou en annuler un.
export-enough-of-workspace = Cet espace de travail a déjà { $count } exports en attente. Veuillez réessayer dans quelques minutes.
export-full = Il n’y a plus de place pour d’autres fichiers d’export. Veuillez supprimer les exports devenus inutiles, ou réessayer quand les plus anciens auront expiré.
export-too-many = { $count } entrées, c’est plus que les { $most } que contient ici un classeur Excel. Veuillez restreindre l’export, ou choisir CSV, NDJSON ou Parquet.
export-problem = Le fichier n’a pas pu être écrit. Veuillez réessayer ; si le problème se reproduit, indiquez-en l’heure à votre administrateur.
export-problem-space = Il n’y avait pas assez de place pour un fichier de cette taille. Veuillez restreindre l’export, ou supprimer les exports devenus inutiles.
export-problem-time = L’opération a pris trop de temps. Veuillez restreindre l’export.
