import { SIGNATURE_WINDOW_SECONDS } from '@atlas/service-auth';
import { CLOCK_TOLERANCE_SECONDS } from '../control-plane-client/control-plane-client';
import { type Check, bad, followUp, good } from './check';
import { isProven } from './probe';

const NTP =
  "Set this machine's clock by NTP (timedatectl set-ntp true; for a virtual machine, its host's clock).";

/** How far the clocks are apart, according to a signed answer. */
export const clockCheck: Check = {
  name: 'clock',
  fixOfSilence: 'First fix what signature reports: the time is only taken from a signed answer.',
  async run({ probe }) {
    const found = await probe();
    const { clockOffsetMs } = found;
    if (clockOffsetMs === undefined)
      return isProven(found)
        ? good(`Within ${SIGNATURE_WINDOW_SECONDS} s of the Control Plane's clock`)
        : followUp('Unknown: there was no signed answer', clockCheck.fixOfSilence);
    const seconds = Math.round(Math.abs(clockOffsetMs) / 1000);
    const distance = `${seconds} s ${clockOffsetMs > 0 ? 'behind' : 'ahead of'} the Control Plane's clock`;
    if (seconds > CLOCK_TOLERANCE_SECONDS) return bad(`This machine's clock is ${distance}`, NTP);
    return good(seconds === 0 ? "In step with the Control Plane's clock" : distance);
  },
};
