# Durée de conservation des entrées, gels juridiques et effacement.

settings-retention = Conservation
settings-erasure = Effacement
permission-settings-retention = Fixer la durée de conservation des entrées et mettre en place des gels juridiques
permission-erase = Demander des effacements et approuver ceux demandés par d’autres

retention-days = Durée de conservation en jours
retention-days-told = À compter de la réception de l’entrée. Laissez le champ vide pour conserver les entrées sans limite.
retention-categories = Durées particulières pour certaines catégories
retention-category-days = Jours
retention-for-ever = Sans limite
retention-categories-told = Laissez une ligne vide pour que la catégorie suive la règle générale.
retention-archive = Jours avant l’archivage
retention-archive-told = Les entrées archivées ne sont recherchées qu’avec archive:yes, mais elles sont conservées et vérifiées comme toutes les autres.
retention-locked = Jours verrouillés
retention-locked-told = Rien n’expire avant ce délai et rien de plus récent ne peut être effacé. Le verrou peut être prolongé, jamais raccourci ni levé.
retention-locked-limit = Le verrou n’arrête pas quelqu’un qui peut modifier les fichiers du serveur. Il rend en revanche une telle modification démontrable.
retention-waits = Cette règle s’appliquera à partir du { $when }, car des entrées expireront plus tôt qu’auparavant.
retention-full = L’expiration est en attente d’espace sur le disque : ce qui reste doit être réécrit. Rien n’est perdu, et une nouvelle tentative a lieu jusqu’à ce qu’il y ait de la place.
retention-failing = L’expiration n’a pas encore abouti. De nouvelles tentatives ont lieu ; le journal de diagnostic du serveur en donne la raison.
retention-apply = Appliquer maintenant
retention-applied = Les entrées dont le délai est écoulé sont en cours de suppression.
retention-now = Ce qui expire maintenant
retention-now-none = Rien n’expire pour le moment.
retention-now-some = { $count ->
    [one] { $count } entrée expirera
   *[other] { $count } entrées expireront
} à la prochaine application de la règle, environ une fois par heure.
retention-now-held = { $count ->
    [one] { $count } autre expirerait, mais un gel juridique la conserve.
   *[other] { $count } autres expireraient, mais un gel juridique les conserve.
}
retention-went = Ce qui a déjà expiré
retention-proof = Les entrées expirées gardent leur place dans l’arbre signé. Un avis dans le journal indique lesquelles ont disparu et prouve que rien de plus récent n’a été retiré.
expected-retention-days = Un nombre de jours de 1 à { $max } est attendu, ou rien.
expected-retention-locked = Au moins { $days } jours sont attendus, car cette durée est verrouillée.
expected-retention-archive = Un nombre de jours inférieur à la durée de conservation est attendu.

holds = Gels juridiques
holds-none = Aucun gel juridique n’est en place.
holds-told = Les entrées sous gel juridique n’expirent pas et ne sont pas effacées, y compris celles qui arriveront plus tard.
hold-new = Mettre en place un gel juridique
hold-name = Nom
hold-name-told = Par exemple un numéro de dossier.
hold-query = Quelles entrées
hold-query-told = Une recherche, par exemple actor:ana@example.com. Laissez le champ vide pour tout conserver.
hold-reason = Motif
hold-place = Mettre en place le gel
hold-placed = Mis en place
hold-released = Levé
hold-release = Lever
hold-release-of = Lever le gel { $name }
expected-hold-query = Une recherche valide est attendue.

erasure-told = Les valeurs disparaissent, leurs empreintes restent : ce qui subsiste du journal peut toujours être vérifié. Un avis indique quelles entrées ont perdu quelque chose, et une attestation signée confirme l’effacement.
erasure-new = Demander un effacement
erasure-person = Une personne
erasure-ids = Ses identifiants
erasure-ids-told = Un par ligne. Chacun est recherché en entier.
erasure-texts = Ses adresses e-mail et ses noms
erasure-texts-told = Un par ligne. La recherche porte sur tous les champs, sans distinction entre majuscules et minuscules.
erasure-fields = Ou certains champs des entrées trouvées par une recherche
erasure-query = Recherche
erasure-sections = Champs
erasure-sections-told = Noms de sections, comme context ou meta:phone, un par ligne.
erasure-basis = Motif
erasure-basis-request = La personne l’a demandé (art. 17 du RGPD)
erasure-basis-secret = Un secret a été journalisé par erreur
erasure-basis-other = Un autre motif
erasure-reference = Référence
erasure-reference-told = L’endroit où la demande est conservée, par exemple un numéro de ticket. Elle reste dans le journal : n’y nommez pas la personne.
erasure-ask = Demander l’effacement
erasure-never = Personne ne peut rétablir ce qui a été effacé.
erasure-limits = Les copies situées hors de ce serveur ne sont pas concernées : fichiers téléchargés, et sauvegardes jusqu’à leur remplacement. Lorsqu’une sauvegarde est restaurée, tout est effacé à nouveau avant que quiconque puisse le voir.
erasure-second = Un effacement nécessite une deuxième personne
erasure-second-told = Personne ne peut alors approuver sa propre demande.
erasures = Effacements
erasures-none = Aucun effacement n’a encore été demandé.
erasure-state-requested = En attente d’une deuxième personne
erasure-state-approved = En cours d’exécution
erasure-state-full = En attente d’espace sur le disque
erasure-state-failing = N’a pas encore pu être exécuté ; de nouvelles tentatives ont lieu
erasure-state-rejected = Refusé
erasure-state-blocked = Conservé par un gel juridique ou par le verrou
erasure-state-done = Effacé
erasure-counting = Décompte en cours…
erasure-counted = { $entries ->
    [one] { $entries } entrée
   *[other] { $entries } entrées
}, { $sections ->
    [one] { $sections } champ
   *[other] { $sections } champs
}
erasure-blocked = { $count ->
    [one] { $count } d’entre elles est conservée
   *[other] { $count } d’entre elles sont conservées
}
erasure-what-person = Tout ce qui mentionne : { $what }
erasure-what-fields = { $fields } de : { $query }
erasure-by = Demandé par
erasure-decided = Décidé par
erasure-agree = Effacer
erasure-agree-to = Effacer : { $id }
erasure-reject = Refuser
erasure-reject-of = Refuser : { $id }
erasure-own = Une autre personne doit approuver.
erasure-certificate = Attestation
erasure-notice = Avis
expected-erasure = Un identifiant, une adresse e-mail ou un nom d’au moins trois caractères est attendu, ou une recherche avec des champs.
expected-sections = Des champs dont une entrée peut se passer sont attendus, pas { $name }.
erasure-not-decided = La décision a déjà été prise, ou il s’agit de votre propre demande.
