package authz_test

test_a_batch_is_answered_in_order if {
	requests := [
		get("ann", docs("blue")),
		get("ann", docs("red")),
		get("root", nowhere),
		get("bob", doc("blue", "a")),
		anonymous("GET", "/status"),
		anonymous("GET", open),
		get("ann", docs("blue")),
	]
	allow_many({"requests": requests}) == [true, false, true, true, true, false, true]
}

test_a_batch_decides_each_request_as_it_is_decided_alone if {
	requests := [
		get("service:any", nowhere),
		get("service:any", secret),
		get("root", secret),
		get("nobody", docs("-")),
		get("keeper", bundle),
		get("bob", files("-/meta/x")),
		get("nobody", maps("red/cities/blue")),
		with_fields(get("bob", docs("blue")), {"scopes": ["jobs:read"]}),
		envoy("GET", docs("blue"), {"x-nmp-principal-id": "bob"}),
	]
	allow_many({"requests": requests}) == [allow(request).allowed | some request in requests]
}

test_what_cannot_be_decided_in_a_batch_is_denied if {
	requests := [get("ann", docs("blue")), null, 5, "ann", [], {}, {"principal_id": 5}, get("ann", files("-/meta/x")), get("ann", docs("blue"))]
	allow_many({"requests": requests}) == [true, false, false, false, false, false, false, false, true]
}

test_bindings_of_a_request_are_not_read if {
	spoofed := with_fields(get("nobody", docs("blue")), {"bindings": {"blue": {"nobody": ["Writer"]}, "system": {"nobody": ["PlatformAdmin"]}}})
	allow_many({"requests": [spoofed]}) == [false]
}

test_a_batch_of_nothing_is_answered_by_nothing[name] if {
	some name, batch in {
		"empty": {"requests": []},
		"absent": {},
		"null": {"requests": null},
		"number": {"requests": 5},
		"text": {"requests": "ann"},
		"object": {"requests": {"one": get("ann", docs("blue"))}},
		"not an object": ["requests"],
	}
	allow_many(batch) == []
}
