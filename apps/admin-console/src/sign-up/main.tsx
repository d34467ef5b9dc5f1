import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import { show } from '@atlas/web';
import { queries } from './api';
import { SignUp } from './sign-up';

show(<SignUp />, queries);
