import { currentContext } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { clientNetwork } from './client-network';
import { type Allowance, Throttle } from './throttle';

const WINDOW_SECONDS = 15 * 60;

/** The allowance shared by all devices that have never signed in to the account. */
const UNKNOWN_DEVICES: Allowance = {
  name: 'sign-in',
  limit: 10,
  windowSeconds: WINDOW_SECONDS,
  isStrict: true,
};
/** The allowance of each device that has signed in to the account. */
const KNOWN_DEVICE: Allowance = { ...UNKNOWN_DEVICES, name: 'sign-in of device' };
/**
 * The allowance of each address, across all accounts. Limits attempts to try a few passwords on many
 * accounts.
 */
const ONE_ADDRESS: Allowance = {
  name: 'sign-in from',
  limit: 100,
  windowSeconds: WINDOW_SECONDS,
  isStrict: false,
};

export interface SignInAttempt {
  /** Identifies the account, whether it exists or not. */
  readonly account: readonly string[];
  /** The hash of a device that has signed in to this account before; null for any other device. */
  readonly deviceHash: string | null;
}

/**
 * Limits password guesses without locking out the account's owner: a device that has signed in before is
 * counted separately ("device cookies":
 * https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies).
 */
@Injectable()
export class SignInThrottle {
  constructor(private readonly throttle: Throttle) {}

  /**
   * Call this before checking the password. Throws `too_many_attempts`, whether the account exists or not.
   */
  async take(attempt: SignInAttempt): Promise<void> {
    for (const [allowance, counted] of countedOf(attempt)) await this.throttle.take(allowance, counted);
  }

  /** Call this if the password was correct, because the attempt was not a guess. */
  async giveBack(attempt: SignInAttempt): Promise<void> {
    for (const [allowance, counted] of countedOf(attempt)) await this.throttle.giveBack(allowance, counted);
  }
}

function countedOf({ account, deviceHash }: SignInAttempt): (readonly [Allowance, readonly string[]])[] {
  if (deviceHash !== null) return [[KNOWN_DEVICE, [...account, deviceHash]]];
  const ip = currentContext()?.ip;
  return [
    ...(ip === undefined ? [] : [[ONE_ADDRESS, [clientNetwork(ip)]] as const]),
    [UNKNOWN_DEVICES, account],
  ];
}
