import type { PdpEvents } from "./pdp.js"

type Listeners = { readonly [Name in keyof PdpEvents]: Set<(event: PdpEvents[Name]) => void> }

/** Who listens to a PDP. A listener that throws does not keep the others from hearing; its error surfaces as an unhandled rejection. */
export interface Events {
  on<Name extends keyof PdpEvents>(name: Name, listener: (event: PdpEvents[Name]) => void): () => void
  emit<Name extends keyof PdpEvents>(name: Name, event: PdpEvents[Name]): void
}

export function events(): Events {
  const listeners: Listeners = {
    activation: new Set(),
    authorizationData: new Set(),
    refreshFailure: new Set(),
    refreshRecovery: new Set(),
  }
  return {
    on: (name, listener) => {
      listeners[name].add(listener)
      return () => void listeners[name].delete(listener)
    },
    emit: (name, event) => {
      for (const listener of listeners[name]) {
        try {
          listener(event)
        } catch (error) {
          void Promise.reject(error)
        }
      }
    },
  }
}
