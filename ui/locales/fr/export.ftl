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
