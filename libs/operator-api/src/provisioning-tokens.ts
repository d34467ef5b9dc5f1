import { Optional } from '@atlas/platform';
import { IsInt, Max, Min } from 'class-validator';

/** How long a provisioning token may stay valid, in seconds. */
export const MAX_TOKEN_SECONDS = 7 * 24 * 3600;

/** The settings and commands that start a tenant plane and enrol it. Shown only once. */
export interface InstallBundle {
  readonly token: string;
  readonly token_id: string;
  readonly expires_at: string;
  readonly env: Readonly<Record<string, string>>;
  readonly commands: InstallCommands;
}

/** Each of them starts the plane, in the folder of `atlas-tp.env`, which contains the lines of `env`. */
interface InstallCommands {
  /** Runs the image. */
  readonly docker: string;
  /** Works in a checkout of Atlas, after `npm ci && npm run build`. */
  readonly npx: string;
}

/** A provisioning token without its secret. */
export interface TokenView {
  readonly id: string;
  readonly state: 'live' | 'consumed' | 'revoked' | 'expired';
  readonly issued_by: string;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly revoked_at: Date | null;
  readonly consumed_at: Date | null;
}

export class IssueTokenDto {
  /** Lifetime of the provisioning token in seconds. */
  @Optional()
  @IsInt()
  @Min(60)
  @Max(MAX_TOKEN_SECONDS)
  token_ttl_seconds?: number;
}
