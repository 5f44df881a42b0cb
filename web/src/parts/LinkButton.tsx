import type { ReactNode } from "react";
import { Link } from "wouter";
import styles from "./Button.module.css";
import { Icon, type IconName } from "./Icon";
import link from "./LinkButton.module.css";

interface Props {
  to: string;
  icon?: IconName;
  children: ReactNode;
}

/** What leads to another page and looks like what can be done. */
export function LinkButton({ to, icon, children }: Props) {
  return (
    <Link href={to} className={`${styles.button} ${link.link}`}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </Link>
  );
}
