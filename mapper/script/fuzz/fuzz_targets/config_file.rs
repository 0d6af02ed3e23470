//! Any bytes as a configuration file; properties files hold the same bytes.

#![no_main]

use batis_script::ConfigFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = ConfigFile::builder("c.xml", bytes).resources(|_| Ok(bytes.to_vec())).read();
    if let Ok(config) = read {
        let _ = config.environment(None).map(|environment| environment.data_source.batis_url());
    }
});
