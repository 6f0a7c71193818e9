permission-read-policies = See policies, tools and approvals
permission-manage-policies = Change policies and tools
permission-approve = Answer when an approval is asked for
scope-decide = Ask the gate before something is done
