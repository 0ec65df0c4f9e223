import { z } from "zod"

/** Certificates of the decision API. */
export const TlsConfig = z.strictObject({
  cert_file: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "The certificate with its chain, PEM: the decision API speaks https. Read again when it changes.", path: true }),
  key_file: z.string().min(1).optional().meta({ description: "The key of the certificate, PEM. Read again when it changes.", path: true }),
  client_ca_file: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Who signs client certificates, PEM; `trusted_peers` says which are believed. Read again when it changes.", path: true }),
})
export type TlsConfig = Readonly<z.infer<typeof TlsConfig>>
