import { Injectable } from '@nestjs/common';

/** How the calls of this process to the Control Plane go, under whichever claim of the lease. */
@Injectable()
export class LinkState {
  /** Calls in a row that came to nothing, or whose answer could not be believed. */
  failures = 0;
}
