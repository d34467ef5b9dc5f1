import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { type TLSSocket } from 'node:tls';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { type Check, bad, followUp, good } from './check';
import { codeOf, hostOf, isUnresolved, networkFix, portOf } from './network-advice';

const CONNECT_MS = 4500;

const PRIVATE_CA = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

/** Whether this machine trusts the certificate that the Control Plane presents. */
export const tlsCheck: Check = {
  name: 'tls',
  fixOfSilence: 'Ask your network team to allow outbound HTTPS to the host of CONTROL_PLANE_BASE_URL.',
  async run({ controlPlane, config, egress }) {
    // The configuration allows plain HTTP only for a Control Plane on this machine.
    if (controlPlane.protocol === 'http:') return good('Not needed on this machine');
    const [host, port] = [hostOf(controlPlane), portOf(controlPlane)];
    const servername = isIP(host) ? '' : host;
    const to = { host, port: Number(port), servername, timeout: CONNECT_MS };
    const socket = await egress.connectTls(to);
    socket.once('timeout', () => socket.destroy(timedOut()));
    try {
      await once(socket, 'secureConnect');
      return good(describe(socket));
    } catch (error) {
      const code = codeOf(error);
      const fix = certificateFix(code, host, config) ?? networkFix(code, host, port) ?? UNKNOWN;
      const detail = `No TLS connection to ${host}:${port} (${code || (error as Error).message})`;
      return isUnresolved(code) ? followUp(detail, fix) : bad(detail, fix);
    } finally {
      socket.destroy();
    }
  },
};

const UNKNOWN =
  'Something between this machine and the Control Plane interferes with TLS. Ask your network team whether ' +
  'a proxy intercepts it.';

function timedOut(): Error {
  return Object.assign(new Error('No answer'), { code: 'ETIMEDOUT' });
}

/** Includes the issuer, which reveals a proxy that intercepts TLS. */
function describe(socket: TLSSocket): string {
  const { issuer, valid_to: validTo } = socket.getPeerCertificate();
  const name = issuer?.CN ?? issuer?.O ?? 'an unnamed authority';
  return `${socket.getProtocol()}, certificate issued by ${String(name)}, valid until ${validTo}`;
}

/** The codes are listed at https://nodejs.org/api/tls.html#x509-certificate-error-codes. */
function certificateFix(code: string, host: string, config: TenantPlaneConfig): string | undefined {
  if (PRIVATE_CA.includes(code)) return privateCaFix(config.NODE_EXTRA_CA_CERTS);
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return (
      `Check this machine's date (NTP). If it is correct, the operator of ${host} must renew its ` +
      'certificate.'
    );
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return (
      `The certificate is not for ${host}, but for a different name. CONTROL_PLANE_BASE_URL must be ` +
      'exactly the URL from the install bundle.'
    );
  return undefined;
}

function privateCaFix(file: string | undefined): string {
  const ask = 'Ask your network team for the certificate of the private CA (PEM)';
  if (file === undefined)
    return `${ask}, store it beside the installation and name the file in NODE_EXTRA_CA_CERTS.`;
  return existsSync(file)
    ? `${ask} that issued this certificate. The file that NODE_EXTRA_CA_CERTS names contains a different one.`
    : 'NODE_EXTRA_CA_CERTS names a file that does not exist. Correct the path.';
}
