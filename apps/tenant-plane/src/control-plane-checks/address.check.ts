import { profileOf } from '@atlas/deployment-profiles';
import { isLoopbackUrl } from '@atlas/platform';
import { type Check, good, warning } from './check';

/**
 * Whether users can reach the plane at its advertised address. Only warns, because a trial on one machine
 * needs no public address.
 */
export const addressCheck: Check = {
  name: 'address',
  isForPreflightOnly: true,
  isLocal: true,
  fixOfSilence: 'Set TENANT_PLANE_PUBLIC_URL to the URL at which users reach this plane.',
  async run({ config, model }) {
    const { endpointUrl, TENANT_PLANE_PUBLIC_URL: told } = config;
    const links =
      endpointUrl === undefined
        ? 'There is no address for sign-up links'
        : `Sign-up links lead to ${endpointUrl}/signup`;
    // If Atlas runs the plane, users use their tenant's planned address instead.
    if (model === null || !profileOf(model).installRequired) return good(links);
    const isOwnMachine = endpointUrl === undefined || isLoopbackUrl(endpointUrl);
    if (told !== undefined && !isOwnMachine) return good(links);
    const why =
      told === undefined ? 'because TENANT_PLANE_PUBLIC_URL is not set' : 'which only this machine can reach';
    return warning(`${links}, ${why}`, addressCheck.fixOfSilence);
  },
};
