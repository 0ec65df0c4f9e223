import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto"
import { createSecureContext, type SecureContextOptions } from "node:tls"
import { messageOf, PdpError } from "../errors.js"
import { rereadFiles, type Rereading } from "./reread-files.js"

/** Files in PEM that TLS is spoken with. */
export interface TlsFiles {
  /** The server's certificate, and those between it and its CA. */
  readonly certFile: string
  /** Its private key, not encrypted. */
  readonly keyFile: string
  /** CAs that sign client certificates. Absent: clients are not asked for one. */
  readonly clientCaFile?: string | undefined
}

/** What TLS is spoken with at present. */
export interface ServerCertificates {
  /** True when clients are asked for a certificate. */
  readonly asksClients: boolean
  current(): SecureContextOptions
  /** Adds who is told of every change, and whether it is one of the CAs of client certificates. */
  onChange(listener: (next: SecureContextOptions, hasNewClientCas: boolean) => void): void
  close(): void
}

/**
 * Reads the files, and again when they change. Files that do not fit together change nothing: key and certificate may be replaced one after the other.
 *
 * @throws {PdpError} `ERR_CONFIG_INVALID` naming the file and what is wrong with it
 */
export function certificateFiles(files: TlsFiles, { onProblem, timers }: Pick<Rereading<unknown>, "onProblem" | "timers">): ServerCertificates {
  const { certFile, keyFile, clientCaFile } = files
  const listeners: Parameters<ServerCertificates["onChange"]>[0][] = []
  const reread = rereadFiles({
    paths: [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])],
    read: ([cert, key, ca]) => secureOptions(files, cert ?? nothing, key ?? nothing, ca),
    onNews(next) {
      const hasNewClientCas = next.ca !== undefined && ca?.equals(next.ca) !== true
      ca = next.ca
      for (const tell of listeners) tell(next, hasNewClientCas)
    },
    onProblem,
    timers,
  })
  let { ca } = reread.current()
  return {
    asksClients: clientCaFile !== undefined,
    current: reread.current,
    onChange(listener) {
      listeners.push(listener)
    },
    close: reread.close,
  }
}

interface SecureOptions extends SecureContextOptions {
  readonly ca?: Buffer
}

/** Reads the files once. @throws {PdpError} as {@link certificateFiles} does */
export function checkCertificateFiles(files: TlsFiles): void {
  certificateFiles(files, { onProblem: () => undefined }).close()
}

const nothing = Buffer.alloc(0)

function secureOptions({ certFile, keyFile, clientCaFile = "" }: TlsFiles, cert: Buffer, key: Buffer, ca: Buffer | undefined): SecureOptions {
  const [own] = certificatesIn(certFile, cert)
  if (own?.checkPrivateKey(privateKeyIn(keyFile, key)) === false) throw wrong(keyFile, `is not the key of the certificate in ${certFile}`)
  if (ca) certificatesIn(clientCaFile, ca)
  const options: SecureOptions = { cert, key, minVersion: "TLSv1.2", ...(ca && { ca }) }
  try {
    createSecureContext(options)
  } catch (cause) {
    throw wrong(certFile, `cannot be used for TLS: ${messageOf(cause)}`, cause)
  }
  return options
}

function certificatesIn(file: string, content: Buffer): readonly X509Certificate[] {
  const blocks = content.toString("latin1").match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw wrong(file, "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)")
  return blocks.map((block, at) => {
    try {
      return new X509Certificate(block)
    } catch (cause) {
      throw wrong(file, `certificate ${at + 1} in it cannot be read: ${messageOf(cause)}`, cause)
    }
  })
}

function privateKeyIn(file: string, content: Buffer): KeyObject {
  try {
    return createPrivateKey(content)
  } catch (cause) {
    throw wrong(file, `holds no private key in PEM that can be read without a passphrase: ${messageOf(cause)}`, cause)
  }
}

function wrong(file: string, problem: string, cause?: unknown): PdpError {
  return new PdpError("ERR_CONFIG_INVALID", `${file} ${problem}`, { cause })
}
