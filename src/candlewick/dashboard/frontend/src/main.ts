// The bundle: Streamlit imports its default, a bare page is filled at once.

import { mountOnPage } from "./bare";
import { component } from "./streamlit";

export default component;

mountOnPage();
