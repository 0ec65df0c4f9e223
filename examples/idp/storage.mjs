/** What an IdP remembers: device codes, refresh tokens, what was approved. In memory, gone when it ends. */
export function memoryStorage() {
  const entries = new Map()
  const all = (model) => [...entries].filter(([key]) => key.startsWith(`${model}:`)).map(([, payload]) => payload)
  return {
    /** `oidc-provider` keeps its things here. */
    adapter: (model) => ({
      upsert: async (id, payload) => void entries.set(`${model}:${id}`, payload),
      find: async (id) => entries.get(`${model}:${id}`),
      findByUserCode: async (userCode) => all(model).find((payload) => payload.userCode === userCode),
      findByUid: async (uid) => all(model).find((payload) => payload.uid === uid),
      consume: async (id) => {
        const payload = entries.get(`${model}:${id}`)
        entries.set(`${model}:${id}`, { ...payload, consumed: seconds() })
      },
      destroy: async (id) => void entries.delete(`${model}:${id}`),
      revokeByGrantId: async (grantId) => {
        for (const [key, payload] of entries) if (payload.grantId === grantId) entries.delete(key)
      },
    }),
    /** Makes everything of one model ("DeviceCode", "RefreshToken") expire now. */
    expire: (model) => {
      for (const payload of all(model)) payload.exp = seconds() - 1
    },
  }
}

function seconds() {
  return Math.floor(Date.now() / 1000)
}
