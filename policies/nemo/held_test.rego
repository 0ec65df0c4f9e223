package authz_test

puts(name) := call(name, "PUT", doc("blue", "a"))

test_principals_are_not_united[name] if {
	some name, fields in {
		"id and e-mail": {"principal_id": "bob", "principal_email": "updaters"},
		"id and group": {"principal_id": "bob", "principal_groups": ["updaters"]},
		"e-mail and group": {"principal_id": "", "principal_email": "bob", "principal_groups": ["updaters"]},
		"two groups": {"principal_id": "", "principal_groups": ["bob", "updaters"]},
	}
	request := object.union(object.remove(puts("bob"), ["principal_id"]), fields)
	denied(request)
	allowed(with_fields(request, {"principal_groups": ["bob", "ann"]}))
}

test_roles_of_one_principal_are_united if {
	allowed_in(bound({"eve": {"blue": ["Reader", "Updater"]}}), puts("eve"))
	denied_in(bound({"eve": {"blue": ["Reader"], "red": ["Updater"]}}), puts("eve"))
}

test_everybody_fills_in_for_each_permission if {
	state := bound({"*": {"blue": ["Reader"]}})
	allowed_in(state, puts("updaters"))
	denied_in(state, puts("nobody"))
}

test_everybody_does_not_fill_in_from_another_workspace if denied(with_fields(puts("nobody"), {"principal_groups": ["updaters"]}))

test_a_service_has_its_default_role_where_it_has_no_binding[name] if {
	some name, own in {
		"none at all": {},
		"elsewhere": {"red": ["Reader"]},
		"an empty list": {"blue": []},
	}
	allowed_in(bound({"service:one": own}), puts("service:one"))
}

test_a_binding_of_its_own_replaces_the_default_role_of_a_service[name] if {
	some name, roles in {"weaker role": ["Reader"], "unknown role": ["Nobody"], "PlatformAdmin of the workspace": ["PlatformAdmin"]}
	denied_in(bound({"service:one": {"blue": roles}}), puts("service:one"))
}

test_a_binding_of_everybody_is_none_of_the_service if {
	allowed_in(bound({"*": {"blue": ["Reader"]}}), puts("service:one"))
}

test_everybody_fills_in_for_a_service_too if {
	denied_in(bound({"service:one": {"blue": ["Updater"]}}), puts("service:one"))
	allowed_in(bound({"service:one": {"blue": ["Updater"]}, "*": {"blue": ["Reader"]}}), puts("service:one"))
}

test_persons_have_no_default_role[name] if {
	some name in ["one", "Service:one", "service", "*", "group:service:one"]
	denied(puts(name))
}

test_a_permission_that_no_role_lists_is_held_by_roles_for_all if {
	state := bound({"eve": {"blue": ["ServiceSystem"]}})
	has_permissions_in(state, permissions_of("eve", "blue", ["nobody.has.this"])) == {"allowed": true}
	has_permissions_in(state, permissions_of("ann", "blue", ["nobody.has.this"])) == {"allowed": false}
}
