import { SIGNATURE_WINDOW_SECONDS } from '@atlas/service-auth';
import { CLOCK_TOLERANCE_SECONDS } from '../control-plane-client/control-plane-client';
import { type Check, bad, followUp, good } from './check';
import { isProven } from './probe';

const NTP =
  "Set this machine's clock with NTP (timedatectl set-ntp true). If it is a virtual machine, set its " +
  "host's clock.";

/** How far this machine's clock is from the Control Plane's, according to a signed response. */
export const clockCheck: Check = {
  name: 'clock',
  fixOfSilence: 'First fix what the signature check reports. The time is only taken from a signed response.',
  async run({ probe }) {
    const found = await probe();
    const { clockOffsetMs } = found;
    if (clockOffsetMs === undefined)
      return isProven(found)
        ? good(`Within ${SIGNATURE_WINDOW_SECONDS} s of the Control Plane's clock`)
        : followUp('Unknown, because there was no signed response', clockCheck.fixOfSilence);
    const seconds = Math.round(Math.abs(clockOffsetMs) / 1000);
    const distance = `${seconds} s ${clockOffsetMs > 0 ? 'behind' : 'ahead of'} the Control Plane's clock`;
    if (seconds > CLOCK_TOLERANCE_SECONDS) return bad(`This machine's clock is ${distance}`, NTP);
    return good(seconds === 0 ? "In sync with the Control Plane's clock" : distance);
  },
};
