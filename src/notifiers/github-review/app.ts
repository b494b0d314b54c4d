import { createPrivateKey, sign } from 'node:crypto';

/** GitHub allows ten minutes; its clock and ours may differ by one. */
const SKEW_S = 60;
const LIFE_S = 540;

const part = (data: object): string => Buffer.from(JSON.stringify(data)).toString('base64url');

/**
 * What proves to GitHub that we are the App: a JSON Web Token signed with RS256 (RFC 7519, RFC 7518 3.3).
 * @param now epoch milliseconds
 */
export function appToken(appId: string, privateKey: string, now: number): string {
  const at = Math.floor(now / 1000);
  const claims = { iat: at - SKEW_S, exp: at + LIFE_S, iss: appId };
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(text), createPrivateKey(privateKey));
  return `${text}.${signature.toString('base64url')}`;
}
