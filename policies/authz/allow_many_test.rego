package authz_test

decisions(question, bindings) := value if {
	value := data.authz.allow_many with input as attached(question, bindings)
		with data.authz_data as authz_data
		with data.authz_bindings as shards(bindings)
}

test_requests_are_decided_in_their_order if {
	bindings := {"alice": {"west": ["Viewer"]}, "root": {"system": ["PlatformAdmin"]}}
	requests := [
		get("alice", "/workspaces/west/notes"), get("bob", "/workspaces/west/notes"), get("root", "/workspaces/east/trail"),
		get("alice", "/nothing"), get("", "/health"), get("alice", "/workspaces/west/notes"),
	]
	decisions({"requests": requests}, bindings) == [true, false, true, false, true, true]
}

test_a_malformed_request_denies_itself_only if {
	requests := [null, 7, "x", [], {}, {"principal_id": 7, "method": "GET", "path": "/models"}, get("alice", "/health")]
	decisions({"requests": requests}, {}) == [false, false, false, false, false, false, true]
}

test_members_beside_the_requests_are_not_read if {
	bindings := {"root": {"system": ["PlatformAdmin"]}}
	decisions({"requests": [{"method": "GET", "path": "/models"}], "principal_id": "root"}, bindings) == [false]
	decisions({"requests": [{"principal_id": "root"}], "method": "GET", "path": "/models"}, bindings) == [false]
}

test_bindings_in_a_request_of_the_batch_are_not_read if {
	request := object.union(get("alice", "/workspaces/west/notes"), {"bindings": {"west": {"alice": ["Editor"]}}})
	decisions({"requests": [request]}, {}) == [false]
}

test_no_requests_are_no_decisions if {
	every question in [{}, {"requests": []}, {"requests": null}, {"requests": 7}, {"requests": "x"}] {
		decisions(question, {}) == []
	}
}
