/** A policy as it was written. */
export interface PolicyText {
  /** Its file name, for example `authz/allow.rego`. */
  readonly id: string
  /** Rego. */
  readonly raw: string
}

/** How OPA's API is served. */
export interface OpaOptions {
  /** What `POST /` decides. Default: `authz/allow`; of a policy of your own `system/main`, as in OPA. */
  readonly defaultDecision?: string | undefined
  /** `PUT`, `PATCH` and `DELETE` below `/v1/data` change the data of a policy of your own, in memory, until its next bundle. Default false. */
  readonly dataWrites?: boolean | undefined
  /** Each request to the main listener needs the consent of `system/authz/allow` in a policy of your own. Default false. */
  readonly authorization?: boolean | undefined
  /** The PDP writes a decision log: answers carry `decision_id`. Default false. */
  readonly decisionIds?: boolean | undefined
  /** What this process is called in `/v1/config` and `/v1/status`, beside `version`. Default: an `id`. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** What `/v1/config` shows, without secrets. Default: nothing. */
  readonly configuration?: (() => Readonly<Record<string, unknown>>) | undefined
  /** What `/v1/policies` shows. Default: the Rego of the product's policy; of your own: what its bundle was compiled from, as far as it holds that. */
  readonly policies?: (() => Promise<readonly PolicyText[]>) | undefined
}
