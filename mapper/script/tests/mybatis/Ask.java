// Asks MyBatis which mapper files it refuses to load. Answers go into ../bad/mybatis.txt, one line each: case<TAB>refused|loads.
//
//   javac -cp mybatis-3.5.19.jar -d out Ask.java
//   java -cp out:mybatis-3.5.19.jar Ask ../bad/* | sort > ../bad/mybatis.txt
//
// The files name classes com.shop.Order (id, name, customer, items; also a constructor of id and name), com.shop.Customer, com.shop.A and
// com.shop.B (id): put such beans on the class path, since MyBatis refuses unknown classes and batis does not.
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import org.apache.ibatis.builder.xml.XMLMapperBuilder;
import org.apache.ibatis.session.Configuration;

public class Ask {
  public static void main(String[] cases) {
    for (String name : cases) {
      File file = new File(name);
      if (file.isDirectory() || name.endsWith(".xml")) {
        File[] files = file.isDirectory() ? file.listFiles((folder, child) -> child.endsWith(".xml")) : new File[] {file};
        Arrays.sort(files);
        System.out.println(file.getName().replaceAll("[.]xml$", "") + "\t" + answer(List.of(files)));
      }
    }
  }

  private static String answer(List<File> files) {
    try {
      Configuration configuration = new Configuration();
      for (File file : files) {
        try (InputStream in = new FileInputStream(file)) {
          new XMLMapperBuilder(in, configuration, file.getName(), configuration.getSqlFragments()).parse();
        }
      }
      // Pending parts raise when something is looked up first.
      configuration.hasStatement("none");
      configuration.getMappedStatementNames();
      return "loads";
    } catch (Exception | StackOverflowError refused) {
      return "refused";
    }
  }
}
