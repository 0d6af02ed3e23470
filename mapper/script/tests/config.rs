//! Configuration files: `tests/config/<case>.xml` and what is said about it in `<case>.txt`.
//! `BATIS_BLESS=1 cargo test -p batis-script --test config` writes the texts; read the difference.

mod support;

use std::fs;
use std::path::Path;

use batis_script::{ConfigFile, MapperLocation, SettingValue};
use support::shown;

#[test]
fn mistakes_are_told_as_written_down() {
    let bless = std::env::var_os("BATIS_BLESS").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let mut wrong = String::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("readable").path();
        if path.extension().is_none_or(|extension| extension != "xml") {
            continue;
        }
        let name = path.file_name().expect("a name").to_str().expect("text");
        let read = ConfigFile::builder(name, fs::read(&path).expect("readable"));
        let found = match read.resources(|_| Err("there is no such file".to_owned())).read() {
            Ok(config) => config.warnings,
            Err(found) => found,
        };
        assert!(!found.is_empty(), "{name}: nothing is wrong with it");
        let (actual, file) = (shown(&found), path.with_extension("txt"));
        if bless {
            fs::write(&file, actual).expect("it can be written");
        } else if fs::read_to_string(&file).unwrap_or_default() != actual {
            wrong.push_str(&format!("== {name}\n{actual}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}BATIS_BLESS=1 takes over what is said");
}

const WHOLE: &str = r#"<configuration>
  <properties resource="db.properties">
    <property name="user" value="own"/>
    <property name="mappers" value="own"/>
    <property name="host" value="own"/>
  </properties>
  <settings>
    <setting name="defaultFetchSize" value="100"/>
    <setting name="localCacheScope" value="STATEMENT"/>
    <setting name="useGeneratedKeys" value="TRUE"/>
  </settings>
  <typeAliases><typeAlias type="com.shop.Order"/></typeAliases>
  <environments default="${env}">
    <environment id="test"><transactionManager type="JDBC"/><dataSource type="UNPOOLED"/></environment>
    <environment id="live">
      <transactionManager type="MANAGED"/>
      <dataSource type="POOLED">
        <property name="url" value="jdbc:postgresql://${host}/shop"/>
        <property name="username" value="${user}"/>
        <property name="password" value="secret"/>
      </dataSource>
    </environment>
  </environments>
  <databaseIdProvider type="DB_VENDOR"><property name="PostgreSQL" value="pg"/></databaseIdProvider>
  <mappers>
    <mapper resource="${mappers}/Orders.xml"/>
    <mapper url="file:///x/Items.xml"/>
    <mapper class="com.shop.Customers"/>
    <package name="com.shop.more"/>
  </mappers>
</configuration>"#;

#[test]
fn properties_of_the_program_win_over_the_file_and_that_over_the_children() {
    let config = ConfigFile::builder("c.xml", WHOLE)
        .property("host", "db1")
        .resources(|place| {
            assert_eq!(place, "db.properties");
            Ok(b"user = file\nhost = file\nenv = live\n".to_vec())
        })
        .read()
        .unwrap();
    assert!(config.warnings.is_empty(), "{}", config.warnings);
    let environment = config.environment(None).unwrap();
    assert_eq!((&*environment.id, &*environment.transaction_manager), ("live", "MANAGED"));
    assert_eq!(environment.data_source.batis_url().unwrap(), "postgres://file:secret@db1/shop");
    assert!(!format!("{environment:?}").contains("secret"));
    assert!(config.environment(Some("test")).unwrap().data_source.batis_url().is_err());
    let settings: Vec<_> = config.settings.iter().map(|setting| (setting.name, setting.value.clone())).collect();
    assert_eq!(settings[0], ("defaultFetchSize", SettingValue::Number(100)));
    assert_eq!(settings[1], ("localCacheScope", SettingValue::Word("STATEMENT")));
    assert!(config.language_settings().use_generated_keys);
    assert_eq!(config.type_aliases, [("Order".into(), "com.shop.Order".into())]);
    assert_eq!(config.vendors, [("PostgreSQL".into(), "pg".into())]);
    let mappers: Vec<_> = config.mappers.iter().map(|mapper| mapper.location.clone()).collect();
    assert_eq!(mappers[0], MapperLocation::Resource("own/Orders.xml".into()));
    assert_eq!(mappers[1], MapperLocation::Url("file:///x/Items.xml".into()));
    assert_eq!(mappers[2], MapperLocation::Class("com.shop.Customers".into()));
    assert_eq!(mappers[3], MapperLocation::Package("com.shop.more".into()));
}
