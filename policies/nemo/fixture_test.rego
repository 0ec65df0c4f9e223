# One world for all tests, in the shapes of both seams, and the questions to it.
package authz_test

document := {
	"authz": {
		"roles": {
			"Reader": {"permissions": ["docs.read"]},
			"Writer": {"includes": ["Reader"], "permissions": ["docs.create", "docs.update"]},
			"Updater": {"permissions": ["docs.update"]},
			"Level0": {"includes": ["Level1"]},
			"Level1": {"includes": ["Level2"]},
			"Level2": {"includes": ["Level3"]},
			"Level3": {"includes": ["Level4"]},
			"Level4": {"includes": ["Level5"], "permissions": ["level.four"]},
			"Level5": {"permissions": ["level.five"]},
			"BundleReader": {"permissions": ["iam.bundle.read"]},
			"WorkspaceCreator": {"permissions": ["workspaces.create"]},
			"SuperAdmin": {"includes": ["PlatformAdmin"]},
			"PlatformAdmin": {"permissions": ["iam.bundle.read"]},
			"ServiceSystem": {"permissions": ["*"]},
		},
		"endpoints": {
			"/-/{page}": {"get": {"permissions": []}},
			"/apis/auth/v2/iam/opa-bundle.tar.gz": {"get": {"permissions": ["iam.bundle.read"], "scopes": ["iam:read", "platform:read"]}},
			"/apis/docs/v2/docs": {"get": {"permissions": ["docs.read"]}, "post": {"permissions": ["docs.create"]}},
			"/apis/docs/v2/formats": {"get": {"scopes": ["docs:read"]}, "post": {"permissions": [], "scopes": ["docs:write"]}},
			"/apis/docs/v2/open": {"get": {"permissions": []}, "put": {}},
			"/apis/docs/v2/uploads": {"post": {"permissions": ["docs.create"]}},
			"/apis/docs/v2/projects/{workspace_id}/docs": {"get": {"permissions": ["docs.read"]}},
			"/apis/docs/v2/workspaces/{id}/shelves/{workspace}": {"get": {"permissions": ["docs.read"]}},
			"/apis/docs/v2/workspaces/{workspace}/docs": {
				"get": {"permissions": ["docs.read"], "scopes": ["docs:read", "platform:read"]},
				"post": {"permissions": ["docs.create"], "scopes": ["docs:write", "platform:write"]},
				"put": {"permissions": ["docs.create"]},
				"patch": {"permissions": ["docs.create"]},
				"delete": {"permissions": ["docs.create"]},
			},
			"/apis/docs/v2/workspaces/{workspace}/docs/{name}": {"get": {"permissions": ["docs.read"]}, "put": {"permissions": ["docs.read", "docs.update"]}},
			"/apis/docs/v2/workspaces/{workspace}/docs/latest": {"get": {"permissions": ["docs.update"]}},
			"/apis/docs/v2/workspaces/{workspace}/drafts": {"get": {"permissions": []}, "post": {"permissions": []}, "put": {}},
			"/apis/docs/v2/workspaces/{workspace}/levels": {"get": {"permissions": ["level.five"]}, "put": {"permissions": ["level.four"]}},
			"/apis/entities/v2/types": {"get": {"permissions": []}},
			"/apis/entities/v2/workspaces": {
				"get": {"permissions": []},
				"post": {"permissions": ["workspaces.create"]},
				"put": {"permissions": []},
			},
			"/apis/entities/v2/workspaces/{id}": {
				"get": {"permissions": ["docs.read"]},
				"put": {"permissions": ["docs.update"]},
				"delete": {"permissions": []},
				"patch": {"permissions": []},
			},
			"/apis/entities/v2/workspaces/{id}/{collection}": {
				"delete": {"permissions": []},
				"get": {"permissions": []},
				"head": {"permissions": []},
				"options": {"permissions": []},
				"patch": {"permissions": []},
				"post": {"permissions": []},
				"put": {"permissions": []},
			},
			"/apis/entities/v2/workspaces/{id}/{collection}/{name}": {"get": {"permissions": []}},
			"/apis/files/v2/workspaces/{workspace}/files/-/index": {"get": {"permissions": []}},
			"/apis/files/v2/workspaces/{workspace}/files/-/meta/{name}": {"get": {"permissions": ["docs.read"]}},
			"/apis/files/v2/workspaces/{workspace}/files/-/{path}": {"get": {"permissions": ["docs.read"]}},
			"/apis/jobs/v2/workspaces/{workspace}/approvals": {"post": {"permissions": ["jobs.approve"], "callers": ["principal"]}},
			"/apis/jobs/v2/workspaces/{workspace}/closed": {"get": {"permissions": [], "deny": true}, "post": {"permissions": []}},
			"/apis/jobs/v2/workspaces/{workspace}/notes": {"post": {"permissions": [], "callers": ["principal", "service_principal"]}},
			"/apis/jobs/v2/workspaces/{workspace}/steps": {"post": {"permissions": [], "callers": ["service_principal"]}},
			"/apis/maps/v2/workspaces/{id}/layers": {"get": {"permissions": ["docs.read"]}},
			"/apis/maps/v2/{workspace}/world/reports": {"get": {"permissions": ["docs.read"]}},
			"/apis/maps/v2/blue/{area}/reports": {"get": {"permissions": ["docs.read"]}},
			"/apis/maps/v2/{workspace}/regions": {"get": {"permissions": ["docs.read"]}},
			"/apis/maps/v2/blue/regions": {"get": {"permissions": ["docs.update"]}},
			"/apis/maps/v2/{country}/cities/{workspace}": {"get": {"permissions": []}},
			"/apis/maps/v2/{workspace}/cities/blue": {"get": {"permissions": []}},
			"/apis/maps/v2/workspaces/{id}/workspaces/{copy}": {"get": {"permissions": []}},
			"/apis/secrets/v2/workspaces/{workspace}/secrets/{name}/access": {"get": {"permissions": ["docs.read"]}},
			"/{page}/{part}/{rest}": {"get": {"permissions": []}},
			"/metrics": {"get": {"permissions": ["docs.read"], "scopes": ["docs:read"]}},
		},
		"config": {"denied_plugin_prefixes": ["/apis/fenced", "/apis/docs/v2/workspaces/blue/burnt"]},
	},
}

# By principal, then workspace.
bindings := {
	"*": {"open": ["Reader"], "system": ["WorkspaceCreator"]},
	"admins": {"system": ["PlatformAdmin"]},
	"ann": {"-": ["Writer"], "blue": ["Writer"]},
	"bob": {"blue": ["Reader"]},
	"bob@acme.test": {"red": ["Reader"]},
	"cas": {"system": ["Writer"]},
	"ghost": {"blue": ["Nobody"], "system": ["platformadmin"]},
	"keeper": {"system": ["BundleReader"]},
	"levels": {"blue": ["Level0"]},
	"near": {"blue": ["PlatformAdmin"], "system": ["SuperAdmin"]},
	"readers": {"red": ["Reader"]},
	"root": {"system": ["PlatformAdmin"]},
	"service:narrow": {"blue": ["Reader"]},
	"updaters": {"blue": ["Updater"], "open": ["Updater"]},
}

world := {"data": {"index": index}, "bindings": bindings}

denial := {"allowed": false, "headers": {"X-NMP-Authorized": "false"}}

allowed(request) if allowed_in(world, request)

denied(request) if denied_in(world, request)

allowed_in(state, request) if {
	answers_in(state, request) == {"allow": {"allowed": true, "headers": {"X-NMP-Authorized": "true"}}, "allowed": true}
}

denied_in(state, request) if answers_in(state, request) == {"allow": denial, "allowed": false}

allow(request) := allow_in(world, request)

allow_in(state, request) := answers_in(state, request).allow

answers_in(state, request) := value if {
	value := answers with input as _seen(request, state.bindings)
		with data.authz_data as state.data
		with data.authz_bindings as _shards(state.bindings)
}

answers := {"allow": data.authz.allow, "allowed": data.authz.allowed}

allow_many(batch) := answer if {
	answer := data.authz.allow_many with input as _seen(batch, bindings)
		with data.authz_data as world.data
		with data.authz_bindings as _shards(bindings)
}

explain(request) := explain_in(world, request)

explain_in(state, request) := answer if {
	answer := data.authz.explain with input as _seen(request, state.bindings)
		with data.authz_data as state.data
		with data.authz_bindings as _shards(state.bindings)
}

has_permissions_in(state, question) := answer if {
	answer := data.authz.has_permissions with input as _seen(question, state.bindings)
		with data.authz_data as state.data
		with data.authz_bindings as _shards(state.bindings)
}

has_role_in(state, question) := answer if {
	answer := data.authz.has_role with input as _seen(question, state.bindings)
		with data.authz_data as state.data
		with data.authz_bindings as _shards(state.bindings)
}

call(id, method, path) := {"principal_id": id, "method": method, "path": path}

get(id, path) := call(id, "GET", path)

anonymous(method, path) := {"method": method, "path": path}

with_fields(request, fields) := object.union(request, fields)

envoy(method, path, headers) := {"attributes": {"request": {"http": {"method": method, "path": path, "headers": headers}}}}

# The world with some bindings more.
bound(more) := {"data": world.data, "bindings": object.union(bindings, more)}

# The world with parts of the index changed.
indexed(changes) := {"data": {"index": object.union(object.remove(index, object.keys(changes)), changes)}, "bindings": bindings}

_seen(request, stored) := object.union(request, {"bindings": _slice(stored)}) if {
	is_object(request)
} else := request

_slice(stored) := {workspace: _roles_in(workspace, stored) | some workspaces in stored; some workspace, _ in workspaces}

_roles_in(workspace, stored) := {principal: roles | some principal, workspaces in stored; roles := workspaces[workspace]}

_shards(stored) := {shard: {"principals": _principals_of(shard, stored)} |
	some principal, _ in stored
	shard := _shard(principal)
}

_principals_of(shard, stored) := {principal: {"workspaces": workspaces} |
	some principal, workspaces in stored
	_shard(principal) == shard
}

_shard(principal) := substring(crypto.sha256(principal), 0, 2)
