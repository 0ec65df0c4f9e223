# The world of these tests: roles and endpoints as the loader compiles them, and role bindings in the shapes of both seams.
package authz_test

# `allow`, `allowed`, `allow_many` and `explain` give one answer, and a deny always has a reason.
allowed(request, bindings) if allowed_in(authz_data, request, bindings)

denied(request, bindings) if denied_in(authz_data, request, bindings)

allowed_in(roles_and_endpoints, request, bindings) if {
	answers := answers_in(roles_and_endpoints, request, bindings)
	answers.allow == {"allowed": true, "headers": {"X-NMP-Authorized": "true"}}
	answers.allowed == true
	answers.allow_many == [true]
	answers.explain.allowed == true
	answers.explain.reasons == []
	startswith(answers.explain.rule, "A")
}

denied_in(roles_and_endpoints, request, bindings) if {
	answers := answers_in(roles_and_endpoints, request, bindings)
	answers.allow == {"allowed": false, "headers": {"X-NMP-Authorized": "false"}}
	answers.allowed == false
	answers.allow_many == [false]
	answers.explain.allowed == false
	count(answers.explain.reasons) > 0
	not startswith(object.get(answers.explain, "rule", ""), "A")
}

answers_in(roles_and_endpoints, request, bindings) := value if {
	value := answers with input as object.union(attached(request, bindings), {"requests": [request]})
		with data.authz_data as roles_and_endpoints
		with data.authz_bindings as shards(bindings)
}

answers := {"allow": data.authz.allow, "allowed": data.authz.allowed, "allow_many": data.authz.allow_many, "explain": data.authz.explain}

facts(request, bindings) := facts_in(authz_data, request, bindings)

facts_in(roles_and_endpoints, request, bindings) := answers_in(roles_and_endpoints, request, bindings).explain

# For tables: one evaluation.
all_denied(requests, bindings) if {
	count(requests) > 0
	decisions := data.authz.allow_many with input as attached({"requests": requests}, bindings)
		with data.authz_data as authz_data
		with data.authz_bindings as shards(bindings)
	decisions == [false | some _ in requests]
}

has_permissions(question, bindings) := value if {
	value := data.authz.has_permissions with input as attached(question, bindings)
		with data.authz_data as authz_data
		with data.authz_bindings as shards(bindings)
}

has_role(question, bindings) := value if {
	value := data.authz.has_role with input as attached(question, bindings)
		with data.authz_data as authz_data
		with data.authz_bindings as shards(bindings)
}

get(id, path) := {"principal_id": id, "method": "GET", "path": path}

head(id, path) := {"principal_id": id, "method": "HEAD", "path": path}

post(id, path) := {"principal_id": id, "method": "POST", "path": path}

# Bindings are written {principal: {workspace: [role]}}.
attached(request, bindings) := object.union(
	object.remove(request, ["bindings"]),
	{"bindings": slice(bindings)},
)

slice(bindings) := {workspace: members |
	some own in bindings
	some workspace, _ in own
	members := {principal: roles | some principal, workspaces in bindings; roles := workspaces[workspace]}
}

shards(bindings) := {name: {"principals": members} |
	some bound, _ in bindings
	name := shard(bound)
	members := {principal: {"workspaces": workspaces} | some principal, workspaces in bindings; shard(principal) == name}
}

shard(principal) := substring(crypto.sha256(principal), 0, 2)

authz_data := {"index": index}

with_scopes_mode(mode) := {"index": object.union(index, {"scopes": mode})}

# Editor includes Viewer; PlatformAdmin and ServiceSystem hold `*`; audit.read is in no role.
index := {
	"grants": {
		"*": {"PlatformAdmin": true, "ServiceSystem": true},
		"audit.read": {"PlatformAdmin": true, "ServiceSystem": true},
		"jobs.run": {"PlatformAdmin": true, "Runner": true, "ServiceSystem": true},
		"models.read": {"Editor": true, "PlatformAdmin": true, "ServiceSystem": true, "Viewer": true},
		"models.write": {"Editor": true, "PlatformAdmin": true, "ServiceSystem": true, "Writer": true},
		"secrets.read": {"Keeper": true, "PlatformAdmin": true, "ServiceSystem": true},
	},
	"includers": {
		"Editor": {"Editor": true},
		"Keeper": {"Keeper": true},
		"PlatformAdmin": {"PlatformAdmin": true},
		"Runner": {"Runner": true},
		"ServiceSystem": {"ServiceSystem": true},
		"Viewer": {"Editor": true, "Viewer": true},
		"Writer": {"Writer": true},
	},
	"levels": [
		null,
		null,
		{"position": 1, "others": [], "groups": {name: [{"number": 0, "runs": [1, 2]}] | some name, _ in global_collections}},
		{"position": 1, "others": [], "groups": {name: [{"number": 1, "runs": [1, 3]}] | some name in ["internal", "internals"]}},
		{"position": 3, "others": [], "groups": {name: [{"number": 2, "runs": [1, 2, 3, 4]}] | some name, _ in collections}},
		{"position": 1, "others": [], "groups": {"workspaces": [{"number": 3, "runs": [1, 2, 3, 4]}]}},
	],
	"trailing": [{"position": 4, "masks": [{"number": 4, "runs": [1, 2, 3, 4]}]}],
	"routes": [
		{name: route |
			some name, _ in global_collections
			route := {"endpoint": concat("/", ["", name]), "rank": 3, "placeholders": [], "operations": concat("/", ["", name])}
		},
		{literals: route |
			some name in ["internal", "internals"]
			literals := concat("/", [name, "state"])
			route := {"endpoint": concat("/", ["", literals]), "rank": 5, "placeholders": [], "operations": "health"}
		},
		{literals: route |
			some name, _ in collections
			literals := concat("/", ["workspaces", name])
			endpoint := concat("/", ["/workspaces/{workspace}", name])
			route := {"endpoint": endpoint, "rank": 5, "workspace": 2, "placeholders": [], "operations": literals}
		},
		{"workspaces/models": {
			"endpoint": "/workspaces/{workspace}/models/{name}",
			"rank": 5,
			"workspace": 2,
			"placeholders": [4],
			"operations": "readable",
		}},
		{"workspaces/files": {
			"endpoint": "/workspaces/{workspace}/files/-/{path}",
			"rank": 6,
			"workspace": 2,
			"placeholders": [],
			"trailing": 5,
			"operations": "readable",
		}},
	],
	# The loader numbers them.
	"operations": object.union_n([
		{"health": health, "readable": readable},
		{concat("/", ["", name]): operations | some name, operations in global_collections},
		{concat("/", ["workspaces", name]): operations | some name, operations in collections},
	]),
	"denied": {"lengths": [2, 3], "prefixes": {"/internal": true, "/workspaces/closed": true}},
}

health := {"GET": {"public": true}, "HEAD": {"public": true}}

readable := reads({"permissions": ["models.read"]})

reads(operation) := {"GET": operation, "HEAD": operation}

global_collections := {
	"health": health,
	"internal": health,
	"models": object.union(readable, {"POST": {"permissions": ["models.write"]}}),
}

collections := {
	"about": reads({"permissions": [], "scopes": {"platform:read": true}}),
	"beacon": reads({"public": true, "callers": "service_principal"}),
	"consoles": {"POST": {"permissions": ["jobs.run"], "callers": "principal"}},
	"jobs": {"POST": {"permissions": ["jobs.run"], "callers": "service_principal"}},
	"ledger": {
		"GET": {"permissions": ["models.read"], "all_workspaces": false},
		"HEAD": {"permissions": ["models.read"], "all_workspaces": false},
		"POST": {"permissions": ["models.write"], "all_workspaces": false},
	},
	"models": object.union(
		reads({"permissions": ["models.read"], "scopes": {"models:read": true, "platform:read": true}}),
		{"POST": {"permissions": ["models.read", "models.write"], "scopes": {"models:write": true}}},
	),
	"notes": object.union(readable, {"POST": {"permissions": ["models.write"]}}),
	"retired": reads({"deny": true, "permissions": []}),
	"secrets": reads({"permissions": ["secrets.read"], "callers": "service_principal", "admin": false}),
	"shut": reads({"deny": true, "public": true}),
	"trail": reads({"permissions": ["audit.read"]}),
	"unlisted": object.union(reads({}), {"POST": {}}),
}
