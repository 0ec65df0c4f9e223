package authz_test

import data.authz

open := "/apis/docs/v2/open"

blue_docs := "/apis/docs/v2/workspaces/blue/docs"

red_docs := "/apis/docs/v2/workspaces/red/docs"

test_envoy_input_is_read[name] if {
	some name, headers in {
		"id in lower case": {"x-nmp-principal-id": "ann"},
		"id capitalised": {"X-NMP-Principal-Id": "ann"},
		"id beside other headers": {"x-nmp-principal-id": "ann", "host": "docs.test"},
		"lower case before capitalised": {"x-nmp-principal-id": "ann", "X-NMP-Principal-Id": "nobody"},
	}
	allowed(envoy("POST", blue_docs, headers))
}

test_envoy_headers_of_another_spelling_are_not_read[name] if {
	some name in ["X-Nmp-Principal-Id", "x-nmp-principal-ID", "principal_id", "x-nmp-principal-on-behalf-of"]
	denied(envoy("POST", blue_docs, {name: "ann"}))
}

test_envoy_email_and_groups_count[name] if {
	some name, headers in {
		"e-mail": {"x-nmp-principal-email": "bob@acme.test"},
		"e-mail capitalised": {"X-NMP-Principal-Email": "bob@acme.test"},
		"one group": {"x-nmp-principal-groups": "readers"},
		"groups capitalised": {"X-NMP-Principal-Groups": "others,readers"},
		"last of many groups": {"x-nmp-principal-groups": "others,,readers"},
	}
	allowed(envoy("GET", red_docs, with_fields({"x-nmp-principal-id": "bob"}, headers)))
}

test_envoy_groups_are_split_at_commas_without_trimming[name] if {
	some name, groups in {
		"space before": "others, readers",
		"space after": "readers ,others",
		"separated by space": "others readers",
		"blank": " ",
		"empty": "",
	}
	denied(envoy("GET", red_docs, {"x-nmp-principal-id": "bob", "x-nmp-principal-groups": groups}))
}

test_envoy_scopes_are_split_at_spaces[name] if {
	some name, headers in {
		"one": {"x-nmp-scopes": "docs:read"},
		"capitalised": {"X-NMP-Scopes": "docs:read"},
		"some": {"x-nmp-scopes": "openid jobs:read docs:read"},
		"two spaces": {"x-nmp-scopes": "jobs:read  docs:read"},
		"none": {"x-nmp-scopes": ""},
		"all": {"x-nmp-scopes": "*"},
	}
	allowed(envoy("GET", blue_docs, with_fields({"x-nmp-principal-id": "bob"}, headers)))
}

test_envoy_scopes_that_do_not_fit[name] if {
	some name, scopes in {"another": "jobs:read", "by comma": "jobs:read,docs:read", "by tab": "jobs:read\tdocs:read"}
	denied(envoy("GET", blue_docs, {"x-nmp-principal-id": "bob", "x-nmp-scopes": scopes}))
}

from_envoy := envoy("GET", red_docs, {
	"x-nmp-principal-id": "bob",
	"x-nmp-principal-email": "bob@acme.test",
	"x-nmp-principal-groups": "readers",
	"x-nmp-scopes": "docs:read",
})

test_direct_fields_win_over_envoy[name] if {
	some name, fields in {
		"method": {"method": "POST"},
		"path": {"path": blue_docs, "principal_id": "nobody"},
		"id": {"principal_id": "", "principal_email": "", "principal_groups": []},
		"e-mail": {"principal_email": "eve@acme.test", "principal_groups": []},
		"groups": {"principal_groups": ["others"], "principal_email": ""},
		"scopes": {"scopes": ["jobs:read"]},
	}
	denied(with_fields(from_envoy, fields))
}

test_direct_fields_are_filled_from_envoy[name] if {
	some name, request in {
		"path": {"method": "GET", "principal_id": "bob", "principal_email": "bob@acme.test"},
		"method": {"path": red_docs, "principal_id": "bob", "principal_email": "bob@acme.test"},
		"e-mail": {"method": "GET", "path": red_docs, "principal_id": "bob", "principal_groups": []},
		"groups": {"method": "GET", "path": red_docs, "principal_id": "bob", "principal_email": ""},
	}
	allowed(with_fields(from_envoy, request))
}

test_empty_direct_scopes_win_over_envoy if {
	with_scopes := envoy("GET", blue_docs, {"x-nmp-principal-id": "bob", "x-nmp-scopes": "jobs:read"})
	denied(with_scopes)
	allowed(with_fields(with_scopes, {"scopes": []}))
}

test_empty_texts_are_no_principals[name] if {
	some name, fields in {
		"all": {"principal_id": "", "principal_email": "", "principal_groups": [""]},
		"no groups": {"principal_id": "", "principal_groups": []},
		"id alone": {"principal_id": ""},
	}
	denied(with_fields(anonymous("GET", open), fields))
}

test_without_an_id_nobody_is_known[name] if {
	some name, fields in {
		"nothing": {},
		"e-mail": {"principal_email": "root"},
		"groups": {"principal_groups": ["admins"]},
		"null beside both": {"principal_id": null, "principal_email": "root", "principal_groups": ["admins"]},
		"delegate": {"on_behalf_of_principal_id": "root"},
	}
	denied(with_fields(anonymous("GET", open), fields))
}

test_with_an_empty_id_email_and_groups_count[name] if {
	some name, fields in {"e-mail": {"principal_email": "bob@acme.test"}, "group": {"principal_groups": ["others", "readers"]}}
	allowed(with_fields(get("", red_docs), fields))
}

test_ids_emails_and_groups_share_one_namespace[name] if {
	some name, fields in {
		"id like an e-mail": {"principal_id": "bob@acme.test"},
		"id like a group": {"principal_id": "readers"},
		"e-mail like a group": {"principal_id": "", "principal_email": "readers"},
		"group like an e-mail": {"principal_id": "", "principal_groups": ["bob@acme.test"]},
	}
	allowed(with_fields(anonymous("GET", red_docs), fields))
}

test_principals_are_compared_as_they_are[name] if {
	some name in ["Ann", "ann ", " ann", "ANN", "group:ann", "person:ann", "ann@acme.test"]
	denied(get(name, blue_docs))
}

test_a_typed_group_is_another_principal if {
	denied(with_fields(get("bob", red_docs), {"principal_groups": ["group:readers"]}))
	state := bound({"group:readers": {"red": ["Reader"]}})
	allowed_in(state, with_fields(get("bob", red_docs), {"principal_groups": ["group:readers"]}))
}

test_everybody_may_be_claimed_as_a_principal[name] if {
	some name, fields in {
		"id": {"principal_id": "*"},
		"e-mail": {"principal_id": "", "principal_email": "*"},
		"group": {"principal_id": "bob", "principal_groups": ["*"]},
	}
	allowed_in(bound({"*": {"red": ["Reader"]}}), with_fields(anonymous("GET", red_docs), fields))
}

test_null_is_absent[name] if {
	some name, request in {
		"e-mail": with_fields(get("ann", blue_docs), {"principal_email": null}),
		"groups": with_fields(get("ann", blue_docs), {"principal_groups": null}),
		"scopes": with_fields(get("ann", blue_docs), {"scopes": null}),
		"id beside an Envoy id": with_fields(from_envoy, {"principal_id": null}),
		"e-mail beside an Envoy e-mail": with_fields(from_envoy, {"principal_email": null, "principal_groups": []}),
		"groups beside Envoy groups": with_fields(from_envoy, {"principal_groups": null, "principal_email": ""}),
	}
	allowed(request)
}

test_null_scopes_do_not_hide_envoy_scopes if {
	request := envoy("GET", blue_docs, {"x-nmp-principal-id": "bob", "x-nmp-scopes": "jobs:read"})
	denied(with_fields(request, {"scopes": null}))
}

test_null_is_nobody[name] if {
	some name, fields in {
		"id": {"principal_id": null},
		"id and claims": {"principal_id": null, "principal_email": null, "principal_groups": null},
		"e-mail beside an empty id": {"principal_id": "", "principal_email": null},
		"group beside an empty id": {"principal_id": "", "principal_groups": [null]},
	}
	denied(with_fields(anonymous("GET", open), fields))
}

test_a_null_method_or_path_is_none[name] if {
	some name, request in {
		"method": call("ann", null, blue_docs),
		"path": call("ann", "GET", null),
		"path of a service": call("service:any", "GET", null),
		"path beside an Envoy path": with_fields(from_envoy, {"path": null}),
	}
	denied(request)
}

no_texts := {"number": 5, "true": true, "false": false, "empty list": [], "list": ["root"], "object": {"root": "root"}}

test_a_text_of_a_wrong_type_denies[name] if {
	some field in ["method", "path", "principal_id", "principal_email", "on_behalf_of_principal_id", "on_behalf_of_principal_email"]
	some type, value in no_texts
	name := sprintf("%s: %s", [field, type])
	denied(object.union(with_fields(get("root", open), {"principal_groups": ["admins"]}), {field: value}))
}

test_a_list_of_a_wrong_type_denies[name] if {
	some field in ["principal_groups", "scopes", "on_behalf_of_principal_groups"]
	some type, value in {
		"number": 5,
		"true": true,
		"false": false,
		"text": "docs:read",
		"empty text": "",
		"object": {"docs:read": "docs:read"},
		"list of a number": [5],
		"list of null": [null],
		"list of a list": [["docs:read"]],
		"one of many": ["docs:read", false],
	}
	name := sprintf("%s: %s", [field, type])
	denied(with_fields(get("root", open), {field: value}))
}

test_a_header_of_a_wrong_type_denies[name] if {
	some header in ["x-nmp-principal-id", "X-NMP-Principal-Email", "x-nmp-principal-groups", "x-nmp-scopes", "host"]
	some type, value in object.union(no_texts, {"null": null})
	name := sprintf("%s: %s", [header, type])
	denied(with_fields(get("root", open), envoy("GET", open, {header: value})))
}

test_headers_of_a_wrong_type_deny[name] if {
	some name, headers in {"null": null, "number": 5, "false": false, "text": "x-nmp-principal-id", "list": ["root"]}
	denied(with_fields(get("root", open), envoy("GET", open, headers)))
}

test_an_envoy_method_or_path_of_a_wrong_type_denies[name] if {
	some field in ["method", "path"]
	some type, value in object.union(no_texts, {"null": null})
	name := sprintf("%s: %s", [field, type])
	denied(with_fields(get("root", open), {"attributes": {"request": {"http": {field: value}}}}))
}

test_envoy_input_of_a_wrong_type_denies[name] if {
	some name, attributes in {
		"null": null,
		"number": 5,
		"false": false,
		"text": "request",
		"list": [],
		"request of null": {"request": null},
		"request of a number": {"request": 5},
		"request of false": {"request": false},
		"http of a list": {"request": {"http": []}},
	}
	denied(with_fields(get("root", open), {"attributes": attributes}))
}

test_envoy_input_may_leave_out_everything[name] if {
	some name, attributes in {
		"all": {},
		"http": {"request": {}},
		"headers": {"request": {"http": {}}},
		"every header": {"request": {"http": {"headers": {}}}},
	}
	allowed(with_fields(get("root", open), {"attributes": attributes}))
	denied({"attributes": attributes})
}

test_fields_that_no_rule_reads_are_ignored[name] if {
	some name, fields in {
		"unknown": {"reason": 5},
		"Envoy's source": {"attributes": {"source": 5}},
		"delegate": {"on_behalf_of_principal_id": "nobody", "on_behalf_of_principal_email": "", "on_behalf_of_principal_groups": ["none"]},
		"no delegate": {"on_behalf_of_principal_id": null, "on_behalf_of_principal_email": null, "on_behalf_of_principal_groups": null},
	}
	allowed(with_fields(get("root", open), fields))
}

test_a_request_of_a_wrong_type_denies[name] if {
	some name, request in {"null": null, "number": 5, "true": true, "false": false, "text": "root", "list": [get("root", open)], "empty": {}}
	denied(request)
}

test_no_input_at_all_denies if {
	authz.allow == denial with data.authz_data.index as index
}
