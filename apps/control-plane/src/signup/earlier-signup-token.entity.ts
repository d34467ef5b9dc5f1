import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The token in an earlier copy of a sign-up email. The link in that copy keeps working. */
@Entity('earlier_signup_tokens')
export class EarlierSignupToken {
  @PrimaryColumn('varchar', { name: 'token_hash' }) tokenHash: string;
  @Column('uuid', { name: 'signup_id' }) signupId: string;
}
