import { NoSuchPage } from '@atlas/web';
import { TextLink } from '../parts/links';

export function NoSuchConsolePage() {
  return (
    <NoSuchPage>
      <TextLink to="/">start from the overview</TextLink>
    </NoSuchPage>
  );
}
