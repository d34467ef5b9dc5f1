import { notifications } from '@mantine/notifications';
import { problemOf } from '../api/problem';

/** The session goes on, so it must not look as if it had ended. */
export function sayNotSignedOut(error: unknown): void {
  notifications.show({ color: 'red', title: 'You are still signed in', message: problemOf(error).detail });
}
