import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The link in a copy of a sign-up's mail that was sent before another one. It goes on working. */
@Entity('earlier_signup_tokens')
export class EarlierSignupToken {
  @PrimaryColumn('varchar', { name: 'token_hash' }) tokenHash: string;
  @Column('uuid', { name: 'signup_id' }) signupId: string;
}
