permission-read-policies = Voir les politiques, les outils et les approbations
permission-manage-policies = Modifier les politiques et les outils
permission-approve = Répondre aux demandes d’approbation
scope-decide = Interroger le portail avant d’agir
